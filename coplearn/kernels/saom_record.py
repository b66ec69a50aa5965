"""Records behind one pointer.

A named tuple costs a compiled function one argument for every number in it, 100 ns a call. `pack` puts its fields into
one place on the heap, which Python holds; what kernels get is a *view*: a bare pointer whose fields are read like those
of the tuple, `record.field`, and which counts no references. Fields are never assigned, only the cells of arrays are;
the compiler is told so.
"""

from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.core.typing.templates import AttributeTemplate
from numba.experimental import structref
from numba.extending import NativeValue, infer_getattr, lower_getattr_generic, overload, register_model, unbox


@structref.register
class Packed(types.StructRef):
    """Type of a packed named tuple."""

    def preprocess_fields(self, fields):
        return tuple((name, types.unliteral(kind)) for name, kind in fields)


class PackedProxy(structref.StructRefProxy):
    """A packed named tuple as Python holds it; compiled functions that are called with it get a view."""

    @property
    def _numba_type_(self):
        return View(self._type)  # type: ignore[attr-defined]


structref.define_boxing(Packed, PackedProxy)


def pack(record):
    """The same fields on the heap; in plain Python the tuple itself."""
    return record


@overload(pack)
def _pack(record):
    kind = Packed(tuple(zip(record.fields, record.types, strict=True)))
    lines = [f"    packed.{name} = record.{name}" for name in record.fields]
    scope = {"new": structref.new, "kind": kind}
    exec("\n".join(["def impl(record):", "    packed = new(kind)", *lines, "    return packed"]), scope)
    return scope["impl"]


@njit(cache=True)
def packed(record):
    """:func:`pack` for callers in Python who want the functions that the engine has compiled."""
    return pack(record)


class View(types.Type):
    """Type of a pointer to the fields of a packed named tuple."""

    def __init__(self, packed):
        self.packed = packed
        super().__init__(name=f"View({packed})")


register_model(View)(models.OpaqueModel)


@unbox(View)
def _unbox(record, held, c):
    attribute, kind = c.pyapi.object_getattr_string(held, "_meminfo"), types.MemInfoPointer(types.voidptr)
    info = c.unbox(kind, attribute).value
    c.pyapi.decref(attribute)
    pointer = c.context.nrt.meminfo_data(c.builder, info)
    c.context.nrt.decref(c.builder, kind, info)
    return NativeValue(c.builder.bitcast(pointer, cgutils.voidptr_t))


def _fields_of(context, builder, packed, value):
    pointer = structref._Utils(context, builder, packed).get_data_pointer(value)
    return builder.bitcast(pointer, cgutils.voidptr_t)


@infer_getattr
class _ViewAttribute(AttributeTemplate):
    key = View

    def generic_resolve(self, record, name):  # type: ignore[override]
        kind = record.packed.field_dict.get(name)
        return View(kind) if isinstance(kind, Packed) else kind


@lower_getattr_generic(View)
def _read(context, builder, record, value, name):
    payload = record.packed.get_data_type()
    model = context.data_model_manager[payload]
    pointer = builder.bitcast(value, model.get_value_type().as_pointer())
    position = model.get_field_position(name)
    kind = record.packed.field_dict[name]
    place = cgutils.gep_inbounds(builder, pointer, 0, position)
    found = _load(builder, place, model.get_value_type().elements[position])
    if isinstance(kind, Packed):
        return _fields_of(context, builder, kind, found)
    if isinstance(kind, types.Array):
        array = context.make_array(kind)(context, builder, value=found)
        array.meminfo = cgutils.get_null_value(array.meminfo.type)
        return array._getvalue()
    return found


def _load(builder, place, kind):
    """Load number by number, each marked as never changing."""
    if not isinstance(kind, ir.BaseStructType | ir.ArrayType):
        found = builder.load(place)
        found.set_metadata("invariant.load", builder.module.add_metadata([]))
        return found
    whole = ir.Constant(kind, ir.Undefined)
    parts = kind.elements if isinstance(kind, ir.BaseStructType) else [kind.element] * kind.count
    for position, part in enumerate(parts):
        found = _load(builder, cgutils.gep_inbounds(builder, place, 0, position), part)
        whole = builder.insert_value(whole, found, position)
    return whole
