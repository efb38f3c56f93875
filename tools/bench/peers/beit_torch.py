"""A BEiT to be trained on PyTorch, eager, with fused attention, and its AdamW, fused too."""

import math

import torch
from torch import nn
from torch.nn import functional as F


def position_index(side):
    """Row of the table for every pair of tokens; the last three rows are for the class token."""
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    rows, columns = rows.flatten(), columns.flatten()
    down = rows[:, None] - rows[None, :] + side - 1
    right = columns[:, None] - columns[None, :] + side - 1
    distances = (2 * side - 1) ** 2
    index = torch.zeros(side * side + 1, side * side + 1, dtype=torch.long)
    index[1:, 1:] = down * (2 * side - 1) + right
    index[0, :] = distances
    index[:, 0] = distances + 1
    index[0, 0] = distances + 2
    return index


def drop_path(branch, rate):
    if rate == 0:
        return branch
    keep = torch.floor(1 - rate + torch.rand(branch.shape[0], 1, 1)) / (1 - rate)
    return branch * keep


class Block(nn.Module):
    def __init__(self, config, number):
        super().__init__()
        width, mlp_ratio, epsilon = config["width"], config["mlpRatio"], config["epsilon"]
        self.heads = config["heads"]
        self.rate = config["dropPath"] * number / max(1, config["depth"] - 1)
        self.norm1 = nn.LayerNorm(width, eps=epsilon)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.query_bias = nn.Parameter(torch.zeros(width))
        self.value_bias = nn.Parameter(torch.zeros(width))
        self.projection = nn.Linear(width, width)
        self.scale1 = nn.Parameter(torch.full((width,), config["layerScale"]))
        self.norm2 = nn.LayerNorm(width, eps=epsilon)
        self.expand = nn.Linear(width, mlp_ratio * width)
        self.contract = nn.Linear(mlp_ratio * width, width)
        self.scale2 = nn.Parameter(torch.full((width,), config["layerScale"]))
        self.output_scale = 1 / math.sqrt(2 * (number + 1))

    def attention(self, x, bias):
        batch, tokens, width = x.shape
        biases = torch.cat((self.query_bias, torch.zeros_like(self.query_bias), self.value_bias))
        qkv = F.linear(x, self.qkv.weight, biases)
        query, key, value = qkv.view(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=bias.to(query.dtype))
        return self.projection(mixed.transpose(1, 2).reshape(batch, tokens, width))

    def forward(self, x, bias):
        x = x + drop_path(self.scale1 * self.attention(self.norm1(x), bias), self.rate)
        hidden = F.gelu(self.expand(self.norm2(x)))
        return x + drop_path(self.scale2 * self.contract(hidden), self.rate)


class Beit(nn.Module):
    def __init__(self, config):
        super().__init__()
        width, depth, heads = config["width"], config["depth"], config["heads"]
        self.patch = config["patchSize"]
        side = config["imageSize"] // self.patch
        self.patch_embedding = nn.Linear(config["channels"] * self.patch**2, width)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        self.table = nn.Parameter(torch.zeros((2 * side - 1) ** 2 + 3, heads))
        self.register_buffer("index", position_index(side))
        self.blocks = nn.ModuleList(Block(config, i) for i in range(depth))
        self.norm = nn.LayerNorm(width, eps=config["epsilon"])
        self.head = nn.Linear(width, config["vocabSize"])
        self.initialize()

    def initialize(self):
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02, a=-0.02, b=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for token in (self.class_token, self.mask_token):
            nn.init.trunc_normal_(token, std=0.02, a=-0.02, b=0.02)
        with torch.no_grad():
            for block in self.blocks:
                block.projection.weight.mul_(block.output_scale)
                block.contract.weight.mul_(block.output_scale)

    def forward(self, pixels, mask):
        batch, height, width, channels = pixels.shape
        side, patch = height // self.patch, self.patch
        patches = pixels.view(batch, side, patch, width // patch, patch, channels).transpose(2, 3)
        x = self.patch_embedding(patches.reshape(batch, side * side, -1))
        x = torch.where(mask[:, :, None], self.mask_token, x)
        x = torch.cat((self.class_token.expand(batch, -1, -1), x), 1)
        bias = self.table[self.index].permute(2, 0, 1).contiguous()[None]
        for block in self.blocks:
            x = block(x, bias)
        return self.head(self.norm(x[:, 1:][mask]))


def create_adamw(beit, settings):
    adamw = settings["adamW"]
    decays = lambda name, parameter: parameter.ndim == 2 or name == "mask_token"  # noqa: E731
    decayed = [parameter for name, parameter in beit.named_parameters() if decays(name, parameter)]
    kept = [parameter for name, parameter in beit.named_parameters() if not decays(name, parameter)]
    return torch.optim.AdamW(
        [{"params": decayed, "weight_decay": adamw["weightDecay"]}, {"params": kept, "weight_decay": 0.0}],
        lr=settings["learningRate"],
        betas=(adamw["beta1"], adamw["beta2"]),
        eps=adamw["epsilon"],
        fused=True,
    )


def create_step(beit, settings, autocast):
    """A function of a batch that trains the model with it and gives the loss before that, as a tensor on the device."""
    optimizer = create_adamw(beit, settings)
    parameters = list(beit.parameters())

    def step(pixels, mask, targets):
        with autocast:
            loss = F.cross_entropy(beit(pixels, mask), targets)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, settings["adamW"]["clipNorm"])
        optimizer.step()
        return loss.detach()

    return step
