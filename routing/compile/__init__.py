"""From resources and registry to what every proxy shall do."""

from routing.compile.mesh import Compiler, Mesh, MeshInput, compile_mesh
from routing.compile.mtls import Overlap

__all__ = ["Compiler", "Mesh", "MeshInput", "Overlap", "compile_mesh"]
