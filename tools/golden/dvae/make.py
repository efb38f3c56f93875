# Writes small tokenizers as their authors' own code saves them, and what that code computes with them, for
# packages/dvae-tokenizer/src/golden.test.ts.
#   pip install torch==2.15.0 safetensors==0.8.0 numpy==2.4.6 attrs==26.1.0 einops==0.8.2 requests==2.34.2
#   python make.py DALL-E unilm DALLE-pytorch      (checkouts of the three repositories; takes a few seconds)
import copy
import functools
import importlib.util
import pathlib
import subprocess
import sys
import types

import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F

here = pathlib.Path(__file__).parent
dalle_checkout, unilm_checkout, lucidrains_checkout = map(pathlib.Path, sys.argv[1:4])
sys.path += [str(dalle_checkout), str(lucidrains_checkout)]

# What dalle_pytorch.py imports for its other classes; its DiscreteVAE uses none of it.
for name, names in {
    "axial_positional_embedding": ["AxialPositionalEmbedding"],
    "dalle_pytorch.vae": ["OpenAIDiscreteVAE", "VQGanVAE"],
    "dalle_pytorch.transformer": ["Transformer", "DivideMax"],
}.items():
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__dict__.update(dict.fromkeys(names))
sys.modules["dalle_pytorch"] = types.ModuleType("dalle_pytorch")
sys.modules["dalle_pytorch"].__path__ = [str(lucidrains_checkout / "dalle_pytorch")]


def module_at(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


# Files of whole modules, which newer versions of torch load only when told to.
torch.load = functools.partial(torch.load, weights_only=False)
import dall_e  # noqa: E402
from dalle_pytorch.dalle_pytorch import DiscreteVAE as LucidrainsVae  # noqa: E402

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
import hashed  # noqa: E402

unilm = module_at("modeling_discrete_vae", unilm_checkout / "beit/modeling_discrete_vae.py")


def without_source(_):
    raise OSError("no source text in the files")


# The legacy container would hold the source text of every class, and where it lay; torch then warns that it does not.
torch.serialization.get_source_lines_and_file = without_source


def uniform(tensor, shape):
    return torch.from_numpy(hashed.uniform(tensor, np.prod(shape))).reshape(tuple(shape))


def fill(model, first=0):
    with torch.no_grad():
        for k, (_, parameter) in enumerate(sorted(model.named_parameters())):
            fan_in = parameter[0].numel()
            scale = 0.1 if parameter.dim() == 1 else (3 / fan_in) ** 0.5
            parameter.copy_(scale * (2 * uniform(first + k, parameter.shape) - 1))
    return model


def liven(encoder, decoder, images):
    """Branches that matter beside their 1/64, and logits that differ more between places than between tokens."""
    with torch.no_grad():
        for name, parameter in [*encoder.named_parameters(), *decoder.named_parameters()]:
            parameter.mul_(16 if "conv_4" in name else 1)
            if "res_path" in name and parameter.dim() == 1:
                parameter.abs_().add_(0.1)  # of two units, not both dead
        output = encoder.blocks.output.conv
        output.w.mul_(4)
        output.b.sub_(encoder(images).mean((0, 2, 3)))


def fixed_noise(key):
    """Makes gumbel_softmax draw -ln(-ln u) of hashed u: it draws an exponential variable and takes -ln of that."""

    def exponential_(self):
        return self.copy_(-torch.log(uniform(key, self.shape)))

    torch.Tensor.exponential_ = exponential_


def pick(values):
    """The norm and eight values, evenly spaced."""
    flat = values.flatten()
    places = [i * flat.numel() // 8 for i in range(8)]
    return torch.cat([flat.norm().reshape(1), flat[places]])


def train(parameters, loss_of, optimizer):
    """Gradients of the first step and the losses of ten, each with its own noise."""
    losses, gradients = [], {}
    for step in range(10):
        fixed_noise(3000 + step)
        loss = loss_of()
        losses.append(loss.detach())
        optimizer.zero_grad()
        loss.backward()
        assert all(parameter.grad.norm() > 0 for parameter in parameters.values())
        if step == 0:
            gradients = {f"gradient.{name}": pick(parameter.grad) for name, parameter in parameters.items()}
        optimizer.step()
    return gradients | {"losses": torch.stack(losses)}


def save_expected(folder, expected, checkout):
    commit = subprocess.check_output(["git", "-C", checkout, "rev-parse", "HEAD"], text=True).strip()
    versions = {"commit": commit, "torch": torch.__version__, "numpy": np.__version__}
    tensors = {
        key: (value.detach() if key == "ids" else value.detach().float()).contiguous()
        for key, value in expected.items()
    }
    safetensors.torch.save_file(tensors, folder / "expected.safetensors", versions)


def make_dalle():
    """Whole modules, as OpenAI's files: one in today's container, one in that of torch before 1.6. In float32."""
    folder = here / "dall-e"
    folder.mkdir(exist_ok=True)
    encoder = fill(dall_e.Encoder(n_hid=8, vocab_size=64))
    decoder = fill(dall_e.Decoder(n_init=12, n_hid=8, vocab_size=64), 500)
    images = dall_e.map_pixels(uniform(1000, (2, 3, 32, 32)).float())
    liven(encoder, decoder, images)
    torch.save(encoder, folder / "encoder.pkl")
    torch.save(decoder, folder / "decoder.pkl", _use_new_zipfile_serialization=False)
    vae = unilm.Dalle_VAE(32)
    vae.load_model(folder, torch.device("cpu"))

    ids = vae.get_codebook_indices(images)
    probabilities = vae.get_codebook_probs(images)
    statistics = vae.decode(ids.flatten(1))
    decoded = dall_e.unmap_pixels(torch.sigmoid(statistics[:, :3]))
    mixed = vae(probabilities.permute(0, 2, 3, 1).flatten(1, 2))

    # The released code does not train; the likelihood (DALL-E paper, A.3) comes from torch.distributions.
    def loss_of():
        logits = vae.encoder(images)
        output = vae.decoder(F.gumbel_softmax(logits, tau=0.9, dim=1))
        log_q = F.log_softmax(logits, dim=1)
        kl = (log_q.exp() * (log_q + np.log(64))).sum(1).mean()
        laplace = torch.distributions.Laplace(output[:, :3], output[:, 3:].exp())
        density = torch.distributions.TransformedDistribution(laplace, torch.distributions.SigmoidTransform())
        return -density.log_prob(images).mean() + 6.6 / 192 * kl

    expected = {"logits": vae.encoder(images), "ids": ids, "probabilities": probabilities}
    expected |= {"statistics": statistics, "decoded": decoded, "mixed": mixed}
    halves = {"encoder": vae.encoder, "decoder": vae.decoder}
    parameters = {f"{half}.{name}": value for half in halves for name, value in halves[half].named_parameters()}
    for parameter in parameters.values():
        parameter.requires_grad_(True)
    optimizer = torch.optim.AdamW(parameters.values(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-4)
    expected |= train(parameters, loss_of, optimizer)
    save_expected(folder, expected, dalle_checkout)


def make_strided(name, model, images, checkout, temperature):
    """What a DiscreteVAE computes in float64, `images` in the range that it is given in training."""
    folder = here / name
    torch.set_default_dtype(torch.float64)
    model = copy.deepcopy(model).double()
    logits = model(images, return_logits=True)
    ids = model.get_codebook_indices(images).flatten(1)
    statistics = model.decode(ids)
    expected = {"logits": logits, "ids": ids, "probabilities": logits.softmax(1)}
    expected |= {"statistics": statistics, "decoded": (0.5 * statistics + 0.5).clamp(0, 1)}
    weight = model.kl_div_loss_weight
    fixed_noise(3000)
    model.kl_div_loss_weight = 0
    reconstruction, output = model(images, return_loss=True, return_recons=True, temp=temperature)
    expected |= {"reconstruction": reconstruction.reshape(1), "relaxed": output}
    model.kl_div_loss_weight = weight
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loss_of = functools.partial(model, images, return_loss=True, temp=temperature)
    expected |= train(dict(model.named_parameters()), loss_of, optimizer)
    save_expected(folder, expected, checkout)
    torch.set_default_dtype(torch.float32)


def make_unilm():
    sizes = dict(image_size=32, num_tokens=64, codebook_dim=24, num_layers=3, hidden_dim=12)
    model = fill(unilm.DiscreteVAE(**sizes, kl_div_loss_weight=1e-3))
    (here / "beit-customized").mkdir(exist_ok=True)
    # Only the key is known of the file of unilm's README: beit/utils.py reads state_dict["weights"].
    torch.save({"weights": model.state_dict()}, here / "beit-customized/pytorch_model.bin")
    images = (uniform(1000, (2, 3, 32, 32)) - 0.5) / 0.5
    make_strided("beit-customized", model, images, unilm_checkout, 0.9)


def make_lucidrains(name, blocks, **options):
    hparams = dict(
        image_size=32, num_layers=2, num_tokens=64, channels=3, codebook_dim=24, hidden_dim=16, num_resnet_blocks=blocks
    )
    model = fill(LucidrainsVae(**hparams, kl_div_loss_weight=1e-3, **options))
    (here / name).mkdir(exist_ok=True)
    torch.save({"hparams": hparams, "weights": model.state_dict()}, here / name / "vae.pt")
    make_strided(name, model, uniform(1000, (2, 3, 32, 32)), lucidrains_checkout, 1.0)


torch.manual_seed(0)
torch.set_num_threads(1)
make_dalle()
make_unilm()
make_lucidrains("dalle-pytorch", 0, smooth_l1_loss=True, straight_through=True)
make_lucidrains("dalle-pytorch-blocks", 2)
