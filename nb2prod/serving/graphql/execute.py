"""A GraphQL request, from bytes to bytes: parsed and measured within limits, run, its errors without values."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLResolveInfo,
    NonNullTypeNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    execute,
    get_operation_ast,
    parse,
    specified_rules,
    type_from_ast,
    validate,
)
from graphql.utilities import coerce_input_value
from graphql.validation import ValuesOfCorrectTypeRule

from nb2prod.serving.decode import Decoder
from nb2prod.serving.explain import READING, explain, place, refuse_duplicate_keys, walk_leaves
from nb2prod.serving.graphql.schema import build_schema
from nb2prod.serving.problem import Problem
from nb2prod.serving.wire import encode

MOST_TOKENS = 20_000
"""Rows belong into the variables, which may be as long as a body."""
MOST_FIELDS = 150
"""As they are written; fragments may make `MOST_SPREAD` of them. The usual introspection query has 67 and 220."""
MOST_SPREAD = 1000
MOST_DEPTH = 20
"""The usual introspection query has 15 levels."""
LONGEST_KEPT = 5_000
MOST_KEPT = 64
"""So many queries are kept parsed: callers send the same ones again and again."""

_STRUCTURE = tuple(rule for rule in specified_rules if rule is not ValuesOfCorrectTypeRule)
Predict = Callable[[Any], Awaitable[dict[str, Any]]]


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    query: str
    variables: dict[str, Any] | None = None
    operationName: str | None = None  # noqa: N815 - its name in the protocol
    extensions: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(_Asked).decode


class GraphQL:
    """The schema of one package; `answer` runs a request against it."""

    def __init__(self, decoder: Decoder[Any]) -> None:
        self._decoder = decoder
        self._kept: dict[str, tuple[DocumentNode | None, list[dict[str, Any]]]] = {}
        self._schema = build_schema(decoder.layout, self._resolve_predict, lambda _, info: info.context["model"])

    async def answer(self, body: bytes, predict: Predict, model: dict[str, Any]) -> tuple[int, bytes]:
        """Status and JSON: 200 for what was run, 400 for what cannot be. Raises Problem (400, 422, and from 500)."""
        try:
            asked = _decode(body)
        except READING as error:
            raise explain(error, body) from None
        refuse_duplicate_keys(body)
        variables = asked.variables or {}
        kept = self._kept.get(asked.query)
        if kept is None:
            kept = await asyncio.to_thread(self._read, asked.query)
            if len(asked.query) <= LONGEST_KEPT:
                if len(self._kept) >= MOST_KEPT:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[asked.query] = kept
        document, errors = kept
        if document is None:
            return 400, _errors(errors)
        operation = get_operation_ast(document, asked.operationName)
        if operation is None or operation.operation is not OperationType.QUERY:
            return 400, _errors([{"message": "there is no such query operation"}])
        if found_at := self._misfits(operation, variables):
            return 400, _errors([{"message": message} for message in found_at])
        context = {"predict": predict, "model": model, "asked": False}
        given = execute(self._schema, document, None, context, variables, asked.operationName)
        result = given if not isinstance(given, Awaitable) else await given
        if not result.errors:
            return 200, encode({"data": result.data})
        for each in result.errors:
            if isinstance(each.original_error, Problem) and each.original_error.status >= 500:
                raise each.original_error
        errors = [_described("the query could not be answered", each) for each in result.errors]
        return 200, encode({"data": result.data, "errors": errors})

    def _read(self, query: str) -> tuple[DocumentNode | None, list[dict[str, Any]]]:
        """The document, or why it is none. It may take a second: validation compares each field with each."""
        try:
            document = parse(query, max_tokens=MOST_TOKENS)
            _measure(document)
            found = validate(self._schema, document, _STRUCTURE, max_errors=10)
            if found:
                return None, [_described(each.message[:300], each) for each in found]
            found = validate(self._schema, document, [ValuesOfCorrectTypeRule], max_errors=10)
            if found:
                return None, [_described("a value does not fit its type", each) for each in found]
        except GraphQLError as error:
            return None, [_described("the query is not GraphQL, or is larger than is taken here", error)]
        except RecursionError:
            return None, [{"message": "the query is nested too deeply"}]
        return document, []

    async def _resolve_predict(self, _: Any, info: GraphQLResolveInfo, **given: Any) -> dict[str, Any]:
        if info.context["asked"]:
            raise Problem(422, "asked_twice", "one `predict` per request: send more rows instead")
        info.context["asked"] = True
        for path, value in walk_leaves(given):
            if isinstance(value, float) and not math.isfinite(value):
                raise place(path, "out_of_range", "is not a finite number")
        predict: Predict = info.context["predict"]
        return await predict(self._decoder.convert(given))

    def _misfits(self, operation: OperationDefinitionNode, variables: dict[str, Any]) -> list[str]:
        """Where variables do not fit their types; graphql-core would repeat the values."""
        found: list[str] = []
        for definition in operation.variable_definitions:
            variable = definition.variable.name.value
            kind: Any = type_from_ast(self._schema, definition.type)
            if variable not in variables:
                if isinstance(definition.type, NonNullTypeNode) and definition.default_value is None:
                    found.append(f"the variable '{variable}' is missing")
                continue

            def note(path: list[str | int], _: Any, __: Any, variable: str = variable) -> None:
                where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
                found.append(f"{variable}{where}: does not fit its type")

            coerce_input_value(variables[variable], kind, note)
        return found[:10]


def _measure(document: DocumentNode) -> None:
    """Raises GraphQLError for more fields, or deeper ones, than are taken; fragments count wherever they are spread."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    known: dict[str, tuple[int, int]] = {}
    written = 0

    def size(selections: SelectionSetNode | None, inside: tuple[str, ...]) -> tuple[int, int]:
        nonlocal written
        fields, depth = 0, 0
        for node in selections.selections if selections is not None else ():
            if isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name in inside or name not in fragments:
                    continue  # validation will say so
                if name not in known:
                    known[name] = size(fragments[name].selection_set, (*inside, name))
                more, below = known[name]
            else:
                more, below = size(getattr(node, "selection_set", None), inside)
                below += isinstance(node, FieldNode)
                more += isinstance(node, FieldNode)
                written += isinstance(node, FieldNode)
            fields, depth = fields + more, max(depth, below)
        return fields, depth

    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            fields, depth = size(definition.selection_set, ())
        elif isinstance(definition, FragmentDefinitionNode) and definition.name.value not in known:
            fields, depth = known[definition.name.value] = size(definition.selection_set, (definition.name.value,))
        else:
            continue
        if written > MOST_FIELDS or fields > MOST_SPREAD or depth > MOST_DEPTH:
            raise GraphQLError("too large")


def _described(message: str, error: GraphQLError) -> dict[str, Any]:
    """The form of GraphQL's errors; a `Problem` in it keeps its own words."""
    described: dict[str, Any] = {"message": message}
    if error.locations:
        described["locations"] = [{"line": each.line, "column": each.column} for each in error.locations]
    if error.path:
        described["path"] = error.path
    if isinstance(problem := error.original_error, Problem):
        described["message"] = problem.message
        described["extensions"] = {"code": problem.code, "field": problem.field, "row": problem.row}
    return described


def _errors(errors: list[dict[str, Any]]) -> bytes:
    return encode({"errors": errors})
