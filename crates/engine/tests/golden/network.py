"""The networks as `residual-lab export --torch` rebuilds them."""

import importlib.util
import pathlib

_path = pathlib.Path(__file__).resolve().parents[3] / "core/src/export/network.py"
_spec = importlib.util.spec_from_file_location("network", _path)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
Block, Net, complete, toml = _module.Block, _module.Net, _module.complete, _module.toml
