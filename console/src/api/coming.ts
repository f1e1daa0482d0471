/**
 * An answer that is left once nothing of it came for so long: neither its beginning, nor any further piece. However long it is, it is
 * had whole or not at all.
 */
export async function keepsComing(asked: Request, silentMs: number): Promise<Response> {
  const left = new AbortController();
  let timer: ReturnType<typeof setTimeout>;
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => left.abort(new DOMException("nothing more came", "TimeoutError")), silentMs);
  };
  timer = setTimeout(() => left.abort(new DOMException("nothing came", "TimeoutError")), silentMs);
  let answer: Response;
  try {
    answer = await fetch(asked, { signal: AbortSignal.any([asked.signal, left.signal]) });
  } catch (error) {
    clearTimeout(timer);
    throw error;
  }
  if (answer.body === null) {
    clearTimeout(timer);
    return answer;
  }
  heard();
  const pieces = answer.body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, to) {
        heard();
        to.enqueue(piece);
      },
      flush: () => clearTimeout(timer),
    }),
  );
  return new Response(pieces, answer);
}
