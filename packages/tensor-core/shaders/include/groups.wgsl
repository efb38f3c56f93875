// Workgroups in one long row, which the host folds where it has more than 65535 (backends/webgpu/context.ts). What they are
// is apart from what an invocation is: barriers must stand where control is the same for a whole workgroup.
struct Groups {
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) count: vec3u,
}

fn groupOf(groups: Groups) -> u32 {
  return groups.id.x + groups.id.y * groups.count.x;
}
