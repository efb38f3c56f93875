// From a schema to the type of a recipe, and back: types are inferred where they are ours, and where another package
// declares them the schema is held equal to them, field by field, by the compiler.
import type * as v from "valibot";

/** What a schema lets pass, readonly all the way down. */
export type Inferred<Schema extends v.GenericSchema> = DeepReadonly<v.InferOutput<Schema>>;

export type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;

type Identical<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** A schema that lets pass exactly `Type`: one field more, one less or one of another type does not compile. */
export function exactly<Type>() {
  return <Schema extends v.GenericSchema>(
    schema: Schema &
      (Identical<Inferred<Schema>, DeepReadonly<Type>> extends true
        ? unknown
        : { readonly "schema differs from": Type }),
  ): Schema => schema;
}
