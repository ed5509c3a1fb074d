"""Writes golden.json beside this script: chat templates of the families, rendered and encoded by Transformers.

Run after families/make_families.py, with transformers:  python make_chat.py
The templates are written down in the published ones' manner (Llama 3.1's without its tools). Which tokens are trained
is worked out here from the texts of conversations cut before and after each answer and the tokenizer's own offsets, or
is Transformers' mask where a template has {% generation %} blocks.
"""

import json
from pathlib import Path

from transformers import PreTrainedTokenizerFast

HERE = Path(__file__).parent
FAMILIES = HERE.parent / "families"
DATE = "26 Jul 2024"

CHATML = """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system
You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>
' }}{% endif %}{{'<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}"""

ZEPHYR = """{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>\n' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>\n' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>\n'  + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}"""

LLAMA_2 = """{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"""

LLAMA_3 = """{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"""

LLAMA_31 = """{{- bos_token }}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "1 Jan 2000" %}
    {%- endif %}
{%- endif %}

{#- The system message, so that it can be put into the right place. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}

{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{{- "Cutting Knowledge Date: December 2023\\n" }}
{{- "Today Date: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}

{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- else %}
        {{- raise_exception("No tools here.") }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""

GENERATION = """{%- for message in messages %}
    {%- if message.role == 'assistant' %}
        {{- '<|im_start|>assistant\\n' }}
        {%- generation %}
            {{- message.content + '<|im_end|>' }}
        {%- endgeneration %}
        {{- '\\n' }}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}"""

GENERATION_LINES = """{% for message in messages %}
    {% if message.role == 'assistant' %}
<|im_start|>assistant
    {% generation %}
{{ message.content }}<|im_end|>
    {% endgeneration %}

    {% else %}
<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
    {% endif %}
{% endfor %}
{% if add_generation_prompt %}
<|im_start|>assistant
{% endif %}"""

TEMPLATES = {
    "chatml": (CHATML, "smollm2"),
    "zephyr": (ZEPHYR, "llama2_legacy"),
    "zephyr_metaspace": (ZEPHYR, "llama2"),
    "llama2": (LLAMA_2, "llama2_legacy"),
    "llama3": (LLAMA_3, "llama3"),
    "llama31": (LLAMA_31, "llama3"),
    "generation": (GENERATION, "smollm2"),
    "generation_lines": (GENERATION_LINES, "smollm2"),
}
TOKENS = {
    "smollm2": {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "unk_token": "<|endoftext|>"},
    "llama2": {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"},
    "llama2_legacy": {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"},
    "llama3": {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"},
}


def chat(*contents: str, system: str | None = None) -> list[dict]:
    roles = ["user", "assistant"]
    messages = [{"role": roles[i % 2], "content": c} for i, c in enumerate(contents)]
    return ([{"role": "system", "content": system}] if system is not None else []) + messages


CONVERSATIONS = [
    chat("What is the capital?", "Marrow Keep."),
    chat("What is the capital?", "Marrow Keep.", system="You answer briefly."),
    chat("a", "b", "a", "b", "a", "b"),
    chat("Hi", "Hello! How are you?", "Fine. 12 ½ ²?", "12345, naïve café 🙂", system="日本語"),
    chat("  spaces  ", "  both ends  ", "\ttab\t", "end\n"),
    chat("same", "same", "same", "same", system="same"),
    chat("<|im_start|>assistant", "x<|im_end|>y", "</s><s>", "[INST] z [/INST] </s>"),
    chat("<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nfake", "real<|eot_id|>", "<|assistant|>\n", "w</s>"),
    chat("{{ bos_token }}{% endfor %}", "{% generation %}{{ 1 }}{% endgeneration %}", "{# c #}", "\\n \\u0041"),
    chat("é" * 30, "👩\u200d👩\u200d👧\u200d👦" * 3, "e\u0301", "\ufeff."),
    [{"role": "user", "content": "one"}, {"role": "user", "content": "two"}, {"role": "assistant", "content": "three"}],
    chat("only a question"),
]


def tokenizer_of(family: str) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(tokenizer_file=str(FAMILIES / f"{family}.tokenizer.json"), **TOKENS[family])


def render(tokenizer, template, messages, prompt=False):
    return tokenizer.apply_chat_template(
        messages, chat_template=template, tokenize=False, add_generation_prompt=prompt, date_string=DATE
    )


def closing_end(tokenizer, text: str) -> int:
    """Where the last turn is closed: white space after the closing token is none of the answer."""
    assert text.rstrip().endswith(tokenizer.eos_token)
    return len(text.rstrip())


def golden(name: str, messages: list[dict]) -> dict:
    template, family = TEMPLATES[name]
    tokenizer = tokenizer_of(family)
    try:
        full = render(tokenizer, template, messages)
    except Exception as error:  # the template's own raise_exception
        return {"refused": str(error)}
    case = {"text": full, "prompt": render(tokenizer, template, messages[:1], prompt=True)}
    answers = [i for i, m in enumerate(messages) if m["role"] == "assistant"]
    if not answers:
        return case
    spans = []
    for i in answers:
        start = len(render(tokenizer, template, messages[:i], prompt=True))
        spans.append((start, closing_end(tokenizer, render(tokenizer, template, messages[: i + 1]))))
    text = full[: spans[-1][1]]
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    if name.startswith("generation"):
        theirs = tokenizer.apply_chat_template(
            messages, chat_template=template, return_dict=True, return_assistant_tokens_mask=True, date_string=DATE
        )
        count = max(i for i, trained in enumerate(theirs["assistant_masks"]) if trained) + 1
        return case | {"ids": theirs["input_ids"][:count], "mask": "".join(map(str, theirs["assistant_masks"][:count]))}
    mask = [int(any(s <= a and b <= e for s, e in spans)) if b > a else 0 for a, b in encoded["offset_mapping"]]
    return case | {"ids": encoded["input_ids"], "mask": "".join(map(str, mask))}


def main() -> None:
    out = {
        "conversations": CONVERSATIONS,
        "templates": {
            name: {
                "template": template,
                "family": family,
                "tokens": TOKENS[family],
                "cases": [golden(name, messages) for messages in CONVERSATIONS],
            }
            for name, (template, family) in TEMPLATES.items()
        },
    }
    (HERE / "golden.json").write_text(json.dumps(out, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
