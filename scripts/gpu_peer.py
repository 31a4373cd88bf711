"""PyTorch's time for the structured rows of `npm run bench -- --device webgpu`, on the same GPU.

Marginals as gradients of log-partitions, which is how PyTorch programs get them: spanning trees and arborescences by a
determinant (matrix-tree theorem), k-subsets by the counting recursion in logarithms. Forward and backward of the relaxed
sample, eager and compiled.
"""

import time

import torch

DEVICE = "cuda"


def spanning_tree(n):
    pairs = torch.triu_indices(n, n, 1, device=DEVICE)

    def log_partition(u):
        w = torch.zeros(u.shape[0], n, n, device=DEVICE)
        w[:, pairs[0], pairs[1]] = u.exp()
        w = w + w.transpose(1, 2)
        laplacian = torch.diag_embed(w.sum(-1)) - w
        return torch.logdet(laplacian[:, 1:, 1:])

    return log_partition, pairs.shape[1]


def arborescence(n):
    mask = ~torch.eye(n, dtype=torch.bool, device=DEVICE)

    def log_partition(u):
        w = torch.zeros(u.shape[0], n, n, device=DEVICE)
        w[:, mask] = u.exp()
        laplacian = torch.diag_embed(w.sum(1)) - w
        return torch.logdet(laplacian[:, 1:, 1:])

    return log_partition, n * (n - 1)


def k_subset(n, k):
    def log_partition(u):
        table = torch.full((u.shape[0], k + 1), -1e30, device=DEVICE)
        table[:, 0] = 0
        for i in range(n):
            moved = torch.cat([torch.full_like(table[:, :1], -1e30), table[:, :-1]], 1) + u[:, i : i + 1]
            table = torch.logaddexp(table, moved)
        return table[:, k]

    return log_partition, n


def milliseconds(work):
    for _ in range(3):
        work()
    torch.cuda.synchronize()
    times = []
    for _ in range(20):
        start = time.perf_counter()
        work()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return 1000 * sorted(times)[len(times) // 2]


def measure(name, made, batch):
    log_partition, size = made
    u = torch.randn(batch, size, device=DEVICE, requires_grad=True)
    cotangent = torch.randn(batch, size, device=DEVICE)

    def both(function):
        (soft,) = torch.autograd.grad(function(u).sum(), u, create_graph=True)
        return torch.autograd.grad(soft, u, cotangent)

    print(f"{name:48s} eager {milliseconds(lambda: both(log_partition)):9.3f} ms", end="", flush=True)
    try:
        compiled = torch.compile(log_partition)
        print(f"   compiled {milliseconds(lambda: both(compiled)):9.3f} ms")
    except Exception as problem:  # torch.compile does not differentiate everything twice
        print(f"   not compiled: {str(problem).splitlines()[0][:60]}")


if __name__ == "__main__":
    print(torch.cuda.get_device_name(), "PyTorch", torch.__version__)
    measure("SpanningTree(complete(10)), batch 128", spanning_tree(10), 128)
    measure("Arborescence(complete_directed(50)), batch 100", arborescence(50), 100)
    for k in (5, 10, 15):
        measure(f"KSubset(350, {k}), batch 100", k_subset(350, k), 100)
