"""Passages into rows of equal length: several whole passages to a row, none cut, none seeing another."""

from dataclasses import dataclass

import numpy as np
import torch

from tools.pretrain.tokenizer import PAD

IGNORED = -100


@dataclass(frozen=True)
class Rows:
    ids: torch.Tensor
    """[rows, T], padded."""
    positions: torch.Tensor
    """[rows, T], from 0 in each passage."""
    passages: torch.Tensor
    """[rows, T], which passage of the row a token belongs to, 0 for padding."""

    def batch(self, index: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """ids, positions, mask [batch, 1, T, T] (true where a token sees another) and labels (next token, or ignored)."""
        ids, positions, passages = self.ids[index], self.positions[index], self.passages[index]
        length = ids.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool).tril()
        mask = (passages[:, :, None] == passages[:, None, :]) & causal
        same = (passages[:, 1:] == passages[:, :-1]) & (passages[:, 1:] > 0)
        labels = torch.full_like(ids, IGNORED)
        labels[:, :-1] = torch.where(same, ids[:, 1:], IGNORED)
        return ids, positions, mask[:, None], labels


def pack(passages: list[list[int]], length: int) -> Rows:
    """First fit, longest first: with many short passages the rows are all but full."""
    longest = max(map(len, passages))
    if longest > length:
        raise ValueError(f"a passage of {longest} tokens does not fit a row of {length}")
    by_room: list[list[int]] = [[] for _ in range(length + 1)]
    members: list[list[int]] = []
    for index in sorted(range(len(passages)), key=lambda i: -len(passages[i])):
        need = len(passages[index])
        room = next((room for room in range(need, length + 1) if by_room[room]), None)
        if room is None:
            members.append([])
            row, room = len(members) - 1, length
        else:
            row = by_room[room].pop()
        members[row].append(index)
        by_room[room - need].append(row)
    ids = np.full((len(members), length), PAD, dtype=np.int64)
    positions = np.zeros_like(ids)
    numbers = np.zeros_like(ids)
    for row, of_row in enumerate(members):
        start = 0
        for number, index in enumerate(of_row, 1):
            end = start + len(passages[index])
            ids[row, start:end] = passages[index]
            positions[row, start:end] = np.arange(end - start)
            numbers[row, start:end] = number
            start = end
    return Rows(torch.from_numpy(ids), torch.from_numpy(positions), torch.from_numpy(numbers))
