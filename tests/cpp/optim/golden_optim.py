"""Makes golden_optim.hpp with PyTorch: python golden_optim.py > golden_optim.hpp

The tests read only the result. Values and gradients are small binary fractions, so that both sides
start from the same bits; the last two of the six values have no weight decay.
"""

import torch

SIZE, DECAYED, STEPS = 6, 4, 5


def value(i):
    return (i - 2) / 2 + 0.25


def gradient(i, t):
    return ((7 * i + 3 * t) % 11 - 5) / 4


def train(make, weight_decay):
    values = torch.tensor([value(i) for i in range(SIZE)])
    groups = [
        {"params": [values[:DECAYED].clone()], "weight_decay": weight_decay},
        {"params": [values[DECAYED:].clone()], "weight_decay": 0.0},
    ]
    parameters = [group["params"][0] for group in groups]
    optimizer = make(groups)
    rows = []
    for t in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = 0.1 / (t + 1)
        gradients = torch.tensor([gradient(i, t) for i in range(SIZE)])
        parameters[0].grad, parameters[1].grad = gradients[:DECAYED], gradients[DECAYED:]
        optimizer.step()
        rows.append(torch.cat(parameters).tolist())
    return rows


def rates(make, steps, peak):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=peak)
    schedule = make(optimizer)
    result = []
    for _ in range(steps - 1):
        result.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    result.append(optimizer.param_groups[0]["lr"])
    return result


def clipped(max_norm):
    parameter = torch.zeros(SIZE)
    parameter.grad = torch.tensor([gradient(i, 0) for i in range(SIZE)])
    norm = torch.nn.utils.clip_grad_norm_([parameter], max_norm)
    return [norm.item(), *parameter.grad.tolist()]


def rows(name, table, kind):
    digits = {"float": ".9g", "double": ".17g"}[kind]
    print(f"inline const std::vector<std::vector<{kind}>> {name} = {{")
    for row in table:
        print("    {" + ", ".join(format(x, digits) for x in row) + "},")
    print("};")


def main():
    sgd, lr = torch.optim.SGD, torch.optim.lr_scheduler
    print("// Made by golden_optim.py with PyTorch " + torch.__version__.split("+")[0] + ".")
    print("#pragma once\n\n#include <vector>\n\nnamespace muxnet::golden {\n")
    rows("sgd_plain", train(lambda p: sgd(p, lr=1), 0.25), "float")
    rows("sgd_momentum", train(lambda p: sgd(p, lr=1, momentum=0.9), 0.25), "float")
    rows("sgd_nesterov", train(lambda p: sgd(p, lr=1, momentum=0.9, nesterov=True), 0.25), "float")
    rows("adamw", train(lambda p: torch.optim.AdamW(p, betas=(0.9, 0.99), eps=1e-6), 0.5), "float")
    rows("clipped", [clipped(1.5), clipped(100)], "float")
    schedules = [
        rates(lambda o: lr.MultiStepLR(o, [5, 8], gamma=0.1), 10, 0.4),
        rates(lambda o: lr.CosineAnnealingLR(o, T_max=9, eta_min=0.04), 10, 0.4),
        rates(
            lambda o: lr.OneCycleLR(
                o,
                max_lr=0.4,
                total_steps=10,
                pct_start=0.35,
                anneal_strategy="linear",
                div_factor=25,
                final_div_factor=4,
                cycle_momentum=False,
            ),
            10,
            0.4,
        ),
    ]
    rows("schedules", schedules, "double")
    print("\n}  // namespace muxnet::golden")


if __name__ == "__main__":
    main()
