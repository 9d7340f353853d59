"""Timings of the reference implementation, as JSON lines.

    python bench.py [--threads 2] [--device cpu] [--quick] [--only WORKLOAD ...] [--out FILE]

 train_step   forward + backward + AdamW on the L1 loss alone
 algorithm1   ten critic updates on fresh batches, then one main step with the kl penalty
 inference    forward in eval mode
 estimator    one critic update on Gaussian total correlation (three 20-d variables)

Variant `naive` follows the pseudo-code and the authors' modules (a Python loop over LSTM cells,
one encoder call per batch); `tuned` uses torch's sequence kernels where the architecture allows,
joins the encoder calls of the ten batches, reuses unimodal encodings for the shuffled batch,
evaluates the critic on both batches at once and takes fused AdamW.  In both, the encoder is in
eval mode while the critic trains and in train mode in the main step.
"""
from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import torch
import torch.nn.functional as F

import measures as ms
import models as md

DIMS = (300, 74, 47)  # text, audio, vision
BATCH, STEPS, UNROLL, LAMBDA = 32, 50, 10, 0.1
DEVICE = torch.device("cpu")


class StepwiseMfn(md.Mfn):
    """MFN with the attention evaluated inside the time loop, as its authors do."""

    def fuse(self, parts):
        (h_l, c_l), (h_a, c_a), (h_v, c_v), _ = parts
        cells = torch.cat([c_l, c_a, c_v], dim=2)
        previous = torch.zeros_like(cells[:, 0])
        mem = cells.new_zeros(cells.shape[0], self.mem_dim)
        for now in cells.unbind(1):
            window = torch.cat([previous, now], dim=1)
            attended = window * torch.softmax(self._two_layers("att1", window), dim=1)
            candidate = torch.tanh(self._two_layers("att2", attended))
            both = torch.cat([attended, mem], dim=1)
            mem = (torch.sigmoid(self._two_layers("gamma1", both)) * mem
                   + torch.sigmoid(self._two_layers("gamma2", both)) * candidate)
            previous = now
        return F.relu(self.out_fc1(torch.cat([h_l, h_a, h_v, mem], dim=1)))


class FastMfn(md.Mfn):
    """The part of both memory gates that reads the attended cells, for all steps at once."""

    def fuse(self, parts):
        (h_l, c_l), (h_a, c_a), (h_v, c_v), _ = parts
        cells = torch.cat([c_l, c_a, c_v], dim=2)
        before = torch.cat([torch.zeros_like(cells[:, :1]), cells[:, :-1]], dim=1)
        window = torch.cat([before, cells], dim=2)
        attended = window * torch.softmax(self._two_layers("att1", window), dim=2)
        candidate = torch.tanh(self._two_layers("att2", attended)).unbind(1)
        first = torch.cat([self.gamma1_fc1.weight, self.gamma2_fc1.weight])
        bias = torch.cat([self.gamma1_fc1.bias, self.gamma2_fc1.bias])
        n = attended.shape[2]
        drive = F.linear(attended, first[:, :n], bias).unbind(1)
        on_memory = first[:, n:]
        split = self.gamma1_fc1.out_features
        mem = cells.new_zeros(cells.shape[0], self.mem_dim)
        for driven, offer in zip(drive, candidate):
            hidden = F.relu(driven + F.linear(mem, on_memory))
            keep = torch.sigmoid(self.gamma1_fc2(self.gamma1_dropout(hidden[:, :split])))
            write = torch.sigmoid(self.gamma2_fc2(self.gamma2_dropout(hidden[:, split:])))
            mem = keep * mem + write * offer
        return F.relu(self.out_fc1(torch.cat([h_l, h_a, h_v, mem], dim=1)))


def make(name, variant):
    if name == "ef_lstm":  # pliang279/MFN
        model = md.EfLstm(DIMS, 128, dropout=0.5)
    elif name == "late_lstm":
        model = md.LateLstm(DIMS, (128, 32, 64), 128, dropout=0.5)
    elif name == "mfn":  # MMSA, MOSI
        kind = StepwiseMfn if variant == "naive" else FastMfn
        model = kind(DIMS, (256, 32, 256), 400, 32, 64, 256, 32, 128, drops=(0.2, 0.0, 0.7, 0.5, 0.0))
    elif name == "lmf":  # MMSA, MOSI; z of width 64
        model = md.Lmf(DIMS, (128, 16, 128), 64, 3, mode="representation", z_dim=64, drops=(0.3,) * 3)
    elif name == "tfn":  # Justin1904/TensorFusionNetworks
        model = md.Tfn(DIMS, (128, 4, 16), 64, 32, mode="representation", drops=(0.3,) * 4)
    elif name == "tfn_wide":  # MMSA, MOSI
        model = md.Tfn(DIMS, (128, 32, 128), 32, 64, mode="representation", drops=(0.3, 0.3, 0.3, 0.5))
    elif name == "mag_bert":  # MiniLM-L6-H384 size
        from transformers import BertConfig

        cfg = BertConfig(vocab_size=30522, hidden_size=384, num_hidden_layers=6, num_attention_heads=12,
                         intermediate_size=1536, max_position_embeddings=512)
        cfg._attn_implementation = "eager" if variant == "naive" else "sdpa"
        return md.MagBert(cfg, DIMS[2], DIMS[1]).to(DEVICE)
    else:
        raise KeyError(name)
    # MFN needs every cell state, which torch's sequence kernel does not return
    model.fused = "cells" if variant == "naive" or name == "mfn" else True
    return model.to(DEVICE)


class Data:
    """An endless supply of batches, drawn before the clock starts."""

    def __init__(self, name, batch, count=UNROLL + 1):
        self.rows = batch
        g = torch.Generator().manual_seed(0)
        if name == "mag_bert":
            text = [torch.randint(5, 30522, (batch, STEPS), generator=g) for _ in range(count)]
        else:
            text = [torch.randn(batch, STEPS, DIMS[0], generator=g) for _ in range(count)]
        self.batches = [
            (t, torch.randn(batch, STEPS, DIMS[1], generator=g), torch.randn(batch, STEPS, DIMS[2], generator=g))
            for t in text
        ]
        self.labels = [(torch.rand(batch, generator=g) * 6 - 3).to(DEVICE) for _ in range(count)]
        self.batches = [tuple(x.to(DEVICE) for x in b) for b in self.batches]
        self.mask = torch.ones(batch, STEPS, device=DEVICE) if name == "mag_bert" else None
        self.next = 0

    def draw(self):
        self.next = (self.next + 1) % len(self.batches)
        return self.batches[self.next], self.labels[self.next]

    def permutations(self):
        return [torch.randperm(self.rows, device=DEVICE) for _ in range(3)]


def adamw(module, variant, lr=1e-4):
    return torch.optim.AdamW(module.parameters(), lr=lr, fused=variant == "tuned")


def train_step(model, data, variant):
    opt = adamw(model, variant)
    model.train()

    def run():
        (t, a, v), y = data.draw()
        loss = F.l1_loss(model(t, a, v, data.mask)[0][:, 0], y)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()

    return run, data.rows


def inference(model, data, _variant):
    model.eval()

    def run():
        (t, a, v), _ = data.draw()
        with torch.inference_mode():
            model(t, a, v, data.mask)

    return run, data.rows


def shuffle(batch, perms):
    return [x[p] for x, p in zip(batch, perms)]


def algorithm1_naive(model, data, variant):
    critic = md.Critic(model.z_dim, output="identity").to(DEVICE).train()
    main_opt, critic_opt = adamw(model, variant), adamw(critic, variant)

    def run():
        model.eval()
        for _ in range(UNROLL):
            batch, _ = data.draw()
            with torch.no_grad():
                z_p = model.encode(*batch, data.mask)
                z_q = model.encode(*shuffle(batch, data.permutations()), data.mask)
            loss = -ms.donsker_varadhan(critic(z_p), critic(z_q))
            critic_opt.zero_grad(set_to_none=True)
            loss.backward()
            critic_opt.step()
        model.train()
        batch, y = data.draw()
        z_p = model.encode(*batch, data.mask)
        z_q = model.encode(*shuffle(batch, data.permutations()), data.mask)
        loss = F.l1_loss(model.predict(z_p)[:, 0], y)
        loss = loss - LAMBDA * ms.donsker_varadhan(critic(z_p), critic(z_q))
        main_opt.zero_grad(set_to_none=True)
        loss.backward()
        main_opt.step()

    return run, data.rows * (UNROLL + 1)


def algorithm1_tuned(model, data, variant):
    critic = md.Critic(model.z_dim, output="identity").to(DEVICE).train()
    main_opt, critic_opt = adamw(model, variant), adamw(critic, variant)
    n = data.rows
    transformer = isinstance(model, md.MagBert)

    def pair(batch, perms):
        """z of the joint and of the shuffled rows with as little work as possible."""
        if transformer:  # fusion happens at the input: nothing to reuse
            both = [torch.cat(x) for x in zip(batch, shuffle(batch, perms))]
            mask = None if data.mask is None else torch.ones(both[0].shape[:2], device=DEVICE)
            return model.encode(*both, mask).chunk(2)
        parts = model.unimodal(*batch)
        return model.fuse(parts), model.fuse(model.permute(parts, *perms))

    def value(z_p, z_q):
        scores = critic(torch.cat([z_p, z_q]))
        return ms.donsker_varadhan(scores[: len(z_p)], scores[len(z_p):])

    def freeze(flag):
        for p in critic.parameters():
            p.requires_grad_(not flag)

    def run():
        model.eval()
        group = 2 if transformer else UNROLL
        for first in range(0, UNROLL, group):
            batches = [data.draw()[0] for _ in range(group)]
            joined = [torch.cat(x) for x in zip(*batches)]
            perms = [torch.cat([torch.randperm(n, device=DEVICE) + i * n for i in range(group)]) for _ in range(3)]
            with torch.no_grad():
                z_p, z_q = pair(joined, perms)
            for i in range(group):
                rows = slice(i * n, (i + 1) * n)
                loss = -value(z_p[rows], z_q[rows])
                critic_opt.zero_grad(set_to_none=True)
                loss.backward()
                critic_opt.step()
        model.train()
        freeze(True)  # no critic gradients in the main step
        batch, y = data.draw()
        z_p, z_q = pair(batch, data.permutations())
        loss = F.l1_loss(model.predict(z_p)[:, 0], y) - LAMBDA * value(z_p, z_q)
        main_opt.zero_grad(set_to_none=True)
        loss.backward()
        main_opt.step()
        freeze(False)

    return run, n * (UNROLL + 1)


def estimator(variant, batch=256, dim=20, rho=0.5):
    critic = torch.nn.Sequential(
        torch.nn.Linear(3 * dim, 256), torch.nn.ReLU(), torch.nn.Linear(256, 256), torch.nn.ReLU(),
        torch.nn.Linear(256, 1)).to(DEVICE)
    opt = torch.optim.Adam(critic.parameters(), lr=5e-4, fused=variant == "tuned")
    root = torch.linalg.cholesky(torch.eye(3) * (1 - rho) + rho).to(DEVICE)

    def run():
        x = torch.einsum("bkd,jk->bjd", torch.randn(batch, 3, dim, device=DEVICE), root)
        y = torch.stack([x[torch.randperm(batch, device=DEVICE), j] for j in range(3)], 1)
        if variant == "tuned":
            t_p, t_q = critic(torch.cat([x, y]).flatten(1))[:, 0].chunk(2)
        else:
            t_p, t_q = critic(x.flatten(1))[:, 0], critic(y.flatten(1))[:, 0]
        loss = -ms.donsker_varadhan(t_p, t_q)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()

    return run, batch


def measure(run, warm, repeats, budget):
    """Median seconds; stops early when `budget` seconds are spent (at least one repeat)."""
    def finish():
        if DEVICE.type == "cuda":  # still busy when a call returns
            torch.cuda.synchronize()

    for _ in range(warm):
        run()
    finish()
    start, times = time.perf_counter(), []
    while len(times) < repeats:
        t = time.perf_counter()
        run()
        finish()
        times.append(time.perf_counter() - t)
        if time.perf_counter() - start > budget:
            break
    return statistics.median(times), len(times), min(times)


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--threads", type=int, default=2)
    ap.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, ...")
    ap.add_argument("--quick", action="store_true", help="finishes within a minute")
    ap.add_argument("--only", nargs="*", default=[])
    ap.add_argument("--out")
    args = ap.parse_args()
    torch.set_num_threads(args.threads)
    global DEVICE
    DEVICE = torch.device(args.device)
    torch.manual_seed(0)
    sink = open(args.out, "w") if args.out else sys.stdout

    begin = time.perf_counter()

    def report(workload, variant, maker, warm, repeats, budget):
        if args.quick and time.perf_counter() - begin > 50:  # a busy machine
            print(json.dumps({"workload": workload, "variant": variant, "skipped": "time"}), file=sink)
            return
        run, samples = maker()
        median, count, best = measure(run, warm, repeats, budget)
        print(json.dumps({
            "workload": workload, "variant": variant, "median_s": round(median, 6),
            "min_s": round(best, 6), "samples_per_s": round(samples / median, 2),
            "steps_per_s": round(1 / median, 3), "samples": samples, "repeats": count,
            "threads": args.threads, "torch_version": torch.__version__,
            "peak_rss_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}), file=sink, flush=True)

    # one throw-away step pays for lazy imports and the thread pool
    model = make("ef_lstm", "naive")
    train_step(model, Data("ef_lstm", 2, 2), "naive")[0]()

    names = ["ef_lstm", "late_lstm", "mfn", "lmf", "tfn", "tfn_wide", "mag_bert"]
    for name in names:
        if args.only and name not in args.only:
            continue
        heavy = name == "mag_bert"
        data = Data(name, 16 if heavy else BATCH)
        for variant in ("naive", "tuned"):
            model = make(name, variant)
            algorithm = algorithm1_naive if variant == "naive" else algorithm1_tuned
            jobs = (("train_step", train_step), ("algorithm1", algorithm), ("inference", inference))
            for job, maker in jobs:
                slow = job == "algorithm1"
                if args.quick:
                    warm, repeats = (0 if heavy and slow else 1), (3 if slow else 9)
                    budget = 2.0 if heavy else 0.8
                else:
                    warm, repeats, budget = (1 if slow else 3), (9 if slow else 30), (30.0 if heavy else 10.0)
                report(f"{name}/{job}", variant, lambda: maker(model, data, variant), warm, repeats, budget)
    if not args.only or "estimator" in args.only:
        for variant in ("naive", "tuned"):
            report("estimator/gaussian_tc", variant, lambda: estimator(variant), 20,
                   200 if args.quick else 2000, 2.0 if args.quick else 10.0)


if __name__ == "__main__":
    main()
