"""From resources and registry to what every proxy shall do."""

from routing.compile.mesh import Compiler, Mesh, MeshInput, Overlap, compile_mesh

__all__ = ["Compiler", "Mesh", "MeshInput", "Overlap", "compile_mesh"]
