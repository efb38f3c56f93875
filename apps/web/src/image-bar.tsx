// Where the image comes from: four samples, a file, the camera, a drop anywhere, or the clipboard.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ColorProfileCheck, type ColorProfileProps } from "./parts/color-profile.tsx";
import { droppedFiles } from "./parts/files.ts";
import { photographFile, photographs } from "./photographs.ts";

type Props = ColorProfileProps & {
  readonly onImage: (image: Blob) => unknown;
  readonly onError: (error: unknown) => void;
};

export function ImageBar({ colorProfile, onColorProfile, onImage, onError }: Props): JSX.Element {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const onDrop = (event: DragEvent): void => {
      setOver(false);
      droppedFiles(event.dataTransfer).then(([first]) => first && onImage(first), onError);
    };
    const onDragOver = (): void => setOver(true);
    const onDragLeave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const onPaste = (event: ClipboardEvent): void => {
      const pasted = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith("image/"));
      if (pasted) onImage(pasted);
    };
    addEventListener("drop", onDrop);
    addEventListener("dragover", onDragOver);
    addEventListener("dragleave", onDragLeave);
    addEventListener("paste", onPaste);
    return () => {
      removeEventListener("drop", onDrop);
      removeEventListener("dragover", onDragOver);
      removeEventListener("dragleave", onDragLeave);
      removeEventListener("paste", onPaste);
    };
  }, [onImage, onError]);
  return (
    <div class={over ? "image-bar over" : "image-bar"}>
      {photographs.map((photograph) => (
        <button
          key={photograph.name}
          class="sample"
          aria-label={`Sample: ${photograph.name}`}
          onClick={() => void photographFile(photograph).then(onImage, onError)}
        >
          <img src={photograph.url} alt="" width="48" height="48" />
        </button>
      ))}
      <ImageInput text="Choose an image" label="Image file" onImage={onImage} />
      <ImageInput text="Take a photo" label="Photo" camera onImage={onImage} />
      <span class="note">or drop or paste one</span>
      <ColorProfileCheck {...{ colorProfile, onColorProfile }} />
    </div>
  );
}

type ImageInputProps = {
  readonly text: string;
  readonly label: string;
  readonly camera?: boolean;
  readonly onImage: (image: Blob) => void;
};

/** A button that opens the picker of files, or the camera where there is one. */
function ImageInput({ text, label, camera = false, onImage }: ImageInputProps): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button onClick={() => input.current?.click()}>{text}</button>
      <input
        ref={input}
        class="hidden"
        type="file"
        accept="image/*"
        {...(camera && { capture: "environment" as const })}
        tabIndex={-1}
        aria-label={label}
        onChange={({ currentTarget }) => {
          const [first] = currentTarget.files ?? [];
          currentTarget.value = "";
          if (first) onImage(first);
        }}
      />
    </>
  );
}
