"""JPEG files to visual tokens with Pillow and onnxruntime: python folder_onnx.py '<request as JSON>'. Prints one line of JSON.

`workers` processes of `threads` threads each; in each, a thread decodes and resizes the next batch while the session runs.
The clock starts when every process has its session and has run it once.
"""

import json
import multiprocessing
import os
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor


def work(request, names, barrier, results, place):
    import numpy as np
    import onnxruntime as ort
    from PIL import Image

    size, batch = request["size"], request["batch"]
    options = ort.SessionOptions()
    options.intra_op_num_threads = request["threads"]
    session = ort.InferenceSession(request["onnx"], options, providers=["CPUExecutionProvider"])

    def view(name):
        image = Image.open(os.path.join(request["folder"], name)).convert("RGB")
        scale = size / min(image.size)
        image = image.resize([max(size, round(side * scale)) for side in image.size], Image.Resampling.LANCZOS)
        left, top = ((side - size) // 2 for side in image.size)
        pixels = np.asarray(image.crop((left, top, left + size, top + size)), dtype=np.float32) / 255
        return pixels.transpose(2, 0, 1)

    def load(start):
        return np.stack([view(name) for name in names[start : start + batch]])

    session.run(["ids"], {"pixels": np.zeros((1, 3, size, size), np.float32)})
    barrier.wait()
    started = time.perf_counter()
    ids = []
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(load, 0)
        for start in range(0, len(names), batch):
            pixels = pending.result()
            pending = pool.submit(load, start + batch) if start + batch < len(names) else None
            ids.append(session.run(["ids"], {"pixels": pixels})[0])
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    results.put((place, np.concatenate(ids).astype("<i4").tobytes(), seconds, time.process_time(), peak))


def main():
    request = json.loads(sys.argv[1])
    names, workers = request["names"], request["workers"]
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(workers), context.Queue()
    share = -(-len(names) // workers)
    processes = [
        context.Process(target=work, args=(request, names[i * share : (i + 1) * share], barrier, results, i))
        for i in range(workers)
    ]
    for process in processes:
        process.start()
    parts = sorted(results.get() for _ in processes)
    for process in processes:
        process.join()
    with open(request["output"], "wb") as file:
        for part in parts:
            file.write(part[1])
    import onnxruntime
    import PIL

    result = {
        "totalMs": max(part[2] for part in parts) * 1000,
        "cpuMs": sum(part[3] for part in parts) * 1000,
        "peakRssBytes": sum(part[4] for part in parts),
        "versions": {"onnxruntime (Python)": onnxruntime.__version__, "Pillow": PIL.__version__},
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
