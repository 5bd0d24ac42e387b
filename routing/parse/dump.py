"""Values as YAML that this reader, and others, read back as the same values."""

from typing import Any

import yaml

from routing.parse.text import FLOAT, INT, RADIX


class _Quoting(yaml.SafeDumper):
    """Quotes every text that some reader of YAML takes for a number."""


for _tag, _pattern in (("float", FLOAT), ("int", INT), ("int", RADIX)):
    _Quoting.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _pattern, list("-+.0123456789"))


def dumped(value: Any) -> str:
    text: str = yaml.dump(value, Dumper=_Quoting, sort_keys=False, allow_unicode=True, width=100)
    return text
