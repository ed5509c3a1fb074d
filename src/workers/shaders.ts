/** @file WGSL text in the browser: Vite puts every file of shaders/ into the worker's own script. */
import type { ShaderLibrary } from '../gpu/shader_library.ts';

const files = import.meta.glob<string>('/shaders/**/*.wgsl', {
  query: '?raw',
  import: 'default',
  eager: true,
});

/** All of shaders/, by name without folder prefix and extension ("matmul/nt_tiled"). */
export function bundledShaders(): ShaderLibrary {
  return new Map(
    Object.entries(files).map(([path, text]) => [
      path.replace(/^\/shaders\//, '').replace(/\.wgsl$/, ''),
      text,
    ]),
  );
}
