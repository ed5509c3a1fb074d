/** @file What a device's queue is given: for each submit the dispatches it holds, in order. */

/** Workgroups of a dispatch. */
export type DispatchSize = readonly [number, number, number];

/** Watches a device from now on; the list that is returned grows with every submit. */
export function watchQueue(device: GPUDevice): DispatchSize[][] {
  const submits: DispatchSize[][] = [];
  const recorded = new Map<GPUCommandBuffer, DispatchSize[]>();
  const createEncoder = device.createCommandEncoder.bind(device);
  device.createCommandEncoder = (...args) => {
    const encoder = createEncoder(...args);
    const dispatches: DispatchSize[] = [];
    const beginPass = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (...passArgs) => {
      const pass = beginPass(...passArgs);
      const dispatch = pass.dispatchWorkgroups.bind(pass);
      pass.dispatchWorkgroups = (x, y = 1, z = 1) => {
        dispatches.push([x, y, z]);
        dispatch(x, y, z);
      };
      return pass;
    };
    const finish = encoder.finish.bind(encoder);
    encoder.finish = (...finishArgs) => {
      const commands = finish(...finishArgs);
      recorded.set(commands, dispatches);
      return commands;
    };
    return encoder;
  };
  const submit = device.queue.submit.bind(device.queue);
  device.queue.submit = (commands) => {
    const list = [...commands];
    submits.push(list.flatMap((c) => recorded.get(c) ?? []));
    submit(list);
  };
  return submits;
}
