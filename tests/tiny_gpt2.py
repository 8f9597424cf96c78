"""A GPT-2 of a few thousand random weights with a tokenizer of its own, as a folder, and the same as a .gguf file."""

import pytest

END = "<|endoftext|>"
POSITIONS = 32
CORPUS = [
    "a cat on a mat, highly detailed",
    "portrait of a samurai, octane render, 8k",
    "the dog and the fox --ar 16:9",
]
REASON = "needs the extra `lm` (torch, transformers, gguf)"


def libraries():
    for name in ("torch", "transformers", "tokenizers"):
        pytest.importorskip(name, reason=REASON)


def tokenizer():
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        CORPUS * 5, trainers.BpeTrainer(vocab_size=320, special_tokens=[END], initial_alphabet=sorted(alphabet))
    )
    return PreTrainedTokenizerFast(tokenizer_object=made, bos_token=END, eos_token=END)


def config(size):
    from transformers import GPT2Config

    return GPT2Config(
        vocab_size=size,
        n_positions=POSITIONS,
        n_embd=32,
        n_layer=2,
        n_head=2,
        initializer_range=0.3,
        bos_token_id=0,
        eos_token_id=0,
    )


def write(folder):
    """Write model and tokenizer into a folder, and give it."""
    import torch
    from transformers import GPT2LMHeadModel

    libraries()
    torch.manual_seed(0)
    own = tokenizer()
    GPT2LMHeadModel(config(len(own))).save_pretrained(folder)
    own.save_pretrained(folder)
    return folder


def write_gguf(folder, file):
    """Write the model of a folder as a .gguf file, as llama.cpp names its parts.

    It has 1,024 positions, those beyond the folder's empty: transformers reads no other number from such a file.
    """
    import gguf
    import torch
    from transformers import AutoTokenizer, GPT2LMHeadModel

    network, own = GPT2LMHeadModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    writer = gguf.GGUFWriter(str(file), "gpt2")
    writer.add_context_length(1024)
    writer.add_embedding_length(32)
    writer.add_feed_forward_length(128)
    writer.add_block_count(2)
    writer.add_head_count(2)
    writer.add_layer_norm_eps(1e-5)
    add_tokenizer(writer, own)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.GPT2, 2)
    for name, weights in network.state_dict().items():
        if name == "lm_head.weight":
            continue
        turned = weights.T if name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")) else weights
        if name.endswith("wpe.weight"):
            turned = torch.cat([weights, torch.zeros(1024 - POSITIONS, 32)])
        writer.add_tensor(names.get_name(name, (".weight", ".bias")), turned.contiguous().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def add_tokenizer(writer, own):
    import json

    parts = json.loads(own.backend_tokenizer.to_str())["model"]
    tokens = sorted(parts["vocab"], key=parts["vocab"].get)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token == END else 1 for token in tokens])
    writer.add_token_merges([" ".join(merge) for merge in parts["merges"]])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
