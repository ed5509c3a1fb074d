/** @file Opens a project file in the place of whatever is open. */
import type { JSX } from 'preact';
import { importProject } from '../../state/studio.ts';
import { FileButton } from '../file_button.tsx';

export function OpenProject({ label, small = false }: { label: string; small?: boolean }): JSX.Element {
  return (
    <FileButton
      {...{ label, small }}
      what="File of a project"
      accept=".json"
      onFile={(file) => void importProject(file)}
    />
  );
}
