# Runs microsoft/unilm's BEiT as it is: its scripts are imported from a checkout and called by their own `main`. Replaced
# are only imports that no longer exist, what a CPU does not have, and the places where data and sizes come in.
import contextlib
import importlib
import io
import os
import shutil
import sys
import types
from functools import partial
from unittest import mock

import torch

scalars = []  # What the scripts log, in order: (tag, value).


class SummaryWriter:
    def __init__(self, logdir):
        pass

    def add_scalar(self, tag, value, step):
        scalars.append((tag, float(value)))

    def flush(self):
        pass


def supply_imports():
    """Names that the code of 2021 imports: never used here, except the writer, which records."""
    missing = {
        "torch._six": {"inf": torch.inf},
        "tensorboardX": {"SummaryWriter": SummaryWriter},
        "modeling_discrete_vae": {"Dalle_VAE": None, "DiscreteVAE": None},
        "datasets": {"build_dataset": None, "build_beit_pretraining_dataset": None},
    }
    optimizers = ["Adafactor", "Adahessian", "AdamP", "Lookahead", "Nadam", "NovoGrad", "NvNovoGrad", "RAdam", "SGDP"]
    missing |= {f"timm.optim.{name.lower()}": {name: None} for name in optimizers}
    missing["timm.optim.rmsprop_tf"] = {"RMSpropTF": None}
    for name, members in missing.items():
        module = types.ModuleType(name)
        module.__dict__.update(members)
        sys.modules[name] = module
    torch.cuda.synchronize = lambda: None
    torch.cuda.amp.GradScaler = partial(torch.amp.GradScaler, "cpu")
    # Checkpoints hold an argparse.Namespace, which torch.load reads on demand only since 2.6.
    os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"


class Original:
    def __init__(self, checkout):
        supply_imports()
        sys.path.insert(0, f"{checkout}/beit")
        names = ["modeling_pretrain", "modeling_finetune", "run_beit_pretraining", "run_class_finetuning", "utils"]
        self.pretraining, self.finetuning, self.run_pretraining, self.run_finetuning, self.utils = map(
            importlib.import_module, names
        )

    def pretrain(self, options, dataset, create_model):
        """run_beit_pretraining.py: (the model it leaves, what it logged). Its tokenizer is the identity: views are tokens."""
        tokenizer = types.SimpleNamespace(get_codebook_indices=lambda tokens: tokens)
        replaced = {"build_beit_pretraining_dataset": lambda args: dataset}
        with mock.patch.object(self.utils, "create_d_vae", lambda **_: tokenizer):
            return run(self.run_pretraining, ["--second_input_size", "4", *options], replaced, create_model)

    def finetune(self, options, dataset, create_model):
        """run_class_finetuning.py: (the model it leaves, what it logged)."""
        replaced = {"build_dataset": lambda is_train, args: (dataset, 5)}
        return run(self.run_finetuning, ["--disable_eval_during_finetuning", *options], replaced, create_model)


def run(script, options, replaced, create_model):
    made = []

    def create(name, pretrained=False, **settings):
        # As timm's create_model, settings that are None count as not given.
        made.append(create_model(**{key: value for key, value in settings.items() if value is not None}))
        return made[0]

    common = "--device cpu --num_workers 0 --no_pin_mem --drop_path 0 --log_dir log --output_dir output".split()
    scalars.clear()
    with (
        mock.patch.object(sys, "argv", [script.__name__, *common, *options]),
        mock.patch.multiple(script, create_model=create, **replaced),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        args = script.get_args()
        opts = args if isinstance(args, tuple) else (args,)
        # The scripts resume from what they find there.
        shutil.rmtree("output", ignore_errors=True)
        os.makedirs("output")
        script.main(*opts)
    logged = {}
    for tag, value in scalars:
        logged.setdefault(tag.split("/")[1], []).append(value)
    return made[0], logged

