"""Carries operations out with libcst, which keeps comments and layout: the only module that knows it."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from memlint.fixes import proposal as op
from memlint.fixes.heading import heading_ends, with_heading
from memlint.fixes.layout import (
    Statement,
    bare_line,
    comments,
    led,
    tight,
    whole,
    with_lines,
    without_finally,
)
from memlint.fixes.nodes import beginning_with, coloured, on_one_line, with_argument, with_one_finally
from memlint.fixes.pieces import Piece, indent_of, kept_lines, newline_of, piece_of
from memlint.fixes.places import Places
from memlint.fixes.proposal import Proposal, Refused
from memlint.source.text import Source

Place: TypeAlias = tuple[int, int]
C = TypeVar("C", bound=cst.CSTNode)


def rewritten(places: Places, proposal: Proposal) -> str:
    """The text of a file with a fix carried out.

    Only the function, class or statements that change are read by libcst, and the head of the module where an import
    is added: the rest is not looked at.

    Raises:
        Refused: libcst cannot read that part, or a place is written in a way that this does not know.
    """
    heading = [each for each in proposal.operations if isinstance(each, (op.Import, op.DefineGlobal))]
    inside = [each for each in proposal.operations if not isinstance(each, (op.Import, op.DefineGlobal))]
    source = places.source
    lines = kept_lines(source.text)
    try:
        if inside:
            piece = piece_of(places, inside)
            kept = [""] * (piece.last - piece.first)  # so that the lines around keep their numbers
            lines[piece.first - 1 : piece.last] = [_changed(source, piece, lines, inside), *kept]
        if heading:
            end = heading_ends(source)
            config = cst.PartialParserConfig(default_newline=newline_of(source.text))
            module = cst.parse_module("".join(lines[:end]), config=config)
            lines[:end] = [with_heading(module, heading, followed="".join(lines[end : end + 1]))]
    except (cst.ParserSyntaxError, RecursionError) as error:
        raise Refused("libcst cannot read the code") from error
    return "".join(lines)


def _changed(source: Source, piece: Piece, lines: Sequence[str], operations: Iterable[op.Operation]) -> str:
    """The text of a piece with operations carried out."""
    newline = newline_of(source.text)
    config = cst.PartialParserConfig(default_indent=indent_of(source), default_newline=newline)
    frame = f"if True:{newline}" if piece.indented else ""
    module = cst.parse_module(frame + "".join(lines[piece.first - 1 : piece.last]), config=config)
    rewriting = _Rewriting(source, module, piece.first - 1 - piece.indented)
    for operation in operations:
        rewriting.add(operation)
    return rewriting.run().code.removeprefix(frame)


@dataclass(eq=False)
class _Slot:
    """A statement of a block, and what has become of it."""

    before: cst.CSTNode | None
    now: list[Statement] = field(default_factory=list)


Slots: TypeAlias = list[_Slot]
BlockEdit: TypeAlias = Callable[[Slots], Slots]


class _Rewriting(cst.CSTTransformer):
    """All operations in one pass: expressions first, then the blocks around them."""

    def __init__(self, source: Source, module: cst.Module, offset: int) -> None:
        super().__init__()
        self._source = source
        self._module = module
        self._wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        self._statements: dict[Place, Statement] = {}
        self._expressions: dict[tuple[Place, Place], cst.BaseExpression] = {}
        for node, place in self._wrapper.resolve(PositionProvider).items():
            start = (place.start.line + offset, place.start.column)
            if isinstance(node, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
                self._statements.setdefault(start, node)
            elif isinstance(node, cst.BaseExpression):
                self._expressions.setdefault((start, (place.end.line + offset, place.end.column)), node)
        self._blocks: dict[Place, list[BlockEdit]] = {}
        self._nodes: dict[cst.CSTNode, list[Callable[[cst.CSTNode], cst.CSTNode]]] = {}

    def run(self) -> cst.Module:
        """The module with everything done."""
        changed = self._module.visit(self)
        assert isinstance(changed, cst.Module)
        return changed

    # --- finding places ----------------------------------------------------------------------------------------------

    def _statement(self, node: ast.stmt) -> Statement:
        span = self._source.span(node)
        found = self._statements.get((span.line, span.column))
        if found is None or (isinstance(found, cst.SimpleStatementLine) and len(found.body) != 1):
            raise Refused(f"line {span.line} holds more than one statement")
        return found

    def _expression(self, node: ast.expr) -> cst.BaseExpression:
        span = self._source.span(node)
        found = self._expressions.get(((span.line, span.column), (span.end_line, span.end_column)))
        if found is None:
            raise Refused(f"an expression in line {span.line} is written in a way that the fix does not know")
        return found

    def _parsed(self, text: str) -> list[Statement]:
        parsed = [whole(each) for each in cst.parse_module(text + "\n", config=self._module.config_for_parsing).body]
        return [with_lines(each, [bare_line(line) for line in each.leading_lines]) for each in parsed]

    def _parsed_expression(self, text: str) -> cst.BaseExpression:
        return cst.parse_expression(text, config=self._module.config_for_parsing)

    # --- operations --------------------------------------------------------------------------------------------------

    def add(self, operation: op.Operation) -> None:
        """Take an operation on."""
        match operation:
            case op.Wrap():
                self._wrap(operation)
            case op.JoinBlock():
                self._join(operation)
            case op.ReplaceExpression():
                self._on(self._expression(operation.node), lambda now: self._replaced(now, operation.text))
            case op.ReplaceStatement():
                self._edit_block(operation.node, lambda slots: self._replace_statement(slots, operation))
            case op.InsertAfter():
                self._edit_block(operation.node, lambda slots: self._insert_after(slots, operation))
            case op.InsertFirst():
                first = self._parsed(operation.text)
                self._on(self._statement(operation.function), lambda now: beginning_with(now, first))
            case op.MoveBefore():
                self._edit_block(operation.block, lambda slots: self._move_before(slots, operation))
            case op.AddArgument():
                value = self._parsed_expression(operation.value)
                self._on(self._expression(operation.call), lambda now: with_argument(now, operation.keyword, value))
            case op.OtherBlock(block=block, asynchronous=asynchronous):
                self._on(self._statement(block), lambda now: coloured(now, asynchronous=asynchronous))
            case op.OneFinally():
                self._edit_block(operation.block, lambda slots: self._one_finally(slots, operation))
            case op.RemoveDecorator():
                self._remove_decorator(operation)
            case op.SetDefault():
                self._on(self._expression(operation.default), lambda _: self._parsed_expression(operation.text))

    def _on(self, node: cst.CSTNode, change: Callable[[cst.CSTNode], cst.CSTNode]) -> None:
        self._nodes.setdefault(node, []).append(change)

    def _edit_block(self, anchor: ast.stmt, edit: BlockEdit) -> None:
        span = self._source.span(anchor)
        self._statement(anchor)
        self._blocks.setdefault((span.line, span.column), []).append(edit)

    def _replaced(self, now: cst.CSTNode, text: str) -> cst.BaseExpression:
        assert isinstance(now, cst.BaseExpression)
        if "{}" not in text:
            new = self._parsed_expression(text)
            parenthesised = isinstance(now, cst.Await) or not isinstance(new, (cst.Name, cst.Attribute, cst.Call))
            return new.with_changes(lpar=now.lpar, rpar=now.rpar) if now.lpar and parenthesised else new
        hole = self._parsed_expression(text.replace("{}", "__it__"))
        filled = hole.visit(_Fill(now))
        assert isinstance(filled, cst.BaseExpression)
        return filled

    def _remove_decorator(self, operation: op.RemoveDecorator) -> None:
        expression = self._expression(operation.decorator)

        def change(now: cst.CSTNode) -> cst.CSTNode:
            function = cst.ensure_type(now, cst.FunctionDef)
            original = cst.ensure_type(self._statement(operation.function), cst.FunctionDef)
            kept = [
                new
                for old, new in zip(original.decorators, function.decorators, strict=True)
                if old.decorator is not expression
            ]
            return function.with_changes(decorators=kept)

        self._on(self._statement(operation.function), change)

    # --- blocks ------------------------------------------------------------------------------------------------------

    def _wrap(self, wrap: op.Wrap) -> None:
        anchor = wrap.replaces or next(iter(wrap.statements), None)
        if anchor is None:
            raise Refused("there is nothing to put into the block")
        every = [self._statement(each) for each in wrap.statements]
        replaced = None if wrap.replaces is None else self._statement(wrap.replaces)
        drops = {id(self._statement(each)) for each in wrap.drops}
        unwraps = None if wrap.unwraps is None else self._statement(wrap.unwraps)

        def edit(slots: Slots) -> Slots:
            first = _index(slots, replaced if replaced is not None else every[0])
            count = len(every) + (replaced is not None)
            taken = slots[first : first + count]
            head = taken[0].now[0] if replaced is not None else None
            inside = taken[1:] if replaced is not None else taken
            body: list[Statement] = []
            footer: list[cst.EmptyLine] = []
            moved: list[Statement] = []
            for slot in inside:
                if id(slot.before) in drops:
                    footer += comments(slot.now[0])
                    moved += slot.now
                    continue
                nodes, told = without_finally(slot.now[0]) if slot.before is unwraps else (slot.now, [])
                if footer and nodes:
                    nodes = [led(nodes[0], footer), *nodes[1:]]
                footer = told
                body += nodes
            new = [self._around(wrap, head, body, footer, moved)]
            if wrap.declares is not None:
                (declared,) = self._parsed(wrap.declares)
                new = [with_lines(declared, new[0].leading_lines), with_lines(new[0], ())]
            return [*slots[:first], _Slot(None, new), *slots[first + count :]]

        self._edit_block(anchor, edit)

    def _around(
        self, wrap: op.Wrap, head: Statement | None, body: list[Statement], footer: list[cst.EmptyLine],
        moved: list[Statement],
    ) -> Statement:  # fmt: skip
        header = cst.TrailingWhitespace()
        leading: Sequence[cst.EmptyLine] = ()
        if head is not None:
            leading = head.leading_lines
            if isinstance(head, cst.SimpleStatementLine):
                header = head.trailing_whitespace
        elif body:
            leading = body[0].leading_lines
            if not isinstance(wrap.around, op.Block):  # what a comment says of the statement goes into the try with it
                leading = [*itertools.takewhile(lambda line: line.comment is None, leading)]
            body = [with_lines(body[0], body[0].leading_lines[len(leading) :]), *body[1:]]
        body = [tight(body[0]), *body[1:]] if body else self._parsed("pass")
        block = cst.IndentedBlock(body, header=header, footer=footer)
        match wrap.around:
            case op.Block(items=items, asynchronous=asynchronous):
                made = [self._item(item) for item in items]
                mark = cst.Asynchronous() if asynchronous else None
                return cst.With(made, block, asynchronous=mark, leading_lines=leading)
            case op.OnError(cleanup=text):
                again = [*self._parsed(text), *self._parsed("raise")]
                space = cst.SimpleWhitespace(" ")
                handler = cst.ExceptHandler(
                    cst.IndentedBlock(again), cst.Name("BaseException"), whitespace_after_except=space
                )
                return cst.Try(block, [handler], leading_lines=leading)
            case op.Finally(cleanup=cleanup):
                last: list[Statement] = self._parsed(cleanup) if isinstance(cleanup, str) else moved
                block = block.with_changes(footer=())
                return cst.Try(block, finalbody=cst.Finally(cst.IndentedBlock([tight(last[0]), *last[1:]])),
                               leading_lines=leading)  # fmt: skip

    def _item(self, item: op.Item) -> cst.WithItem:
        if isinstance(item.value, str):
            value = self._parsed_expression(item.value)
        else:
            value = self._expression(item.value).deep_clone()
        if item.wrapper is not None:
            value = cst.Call(self._parsed_expression(item.wrapper), [cst.Arg(value)])
        if item.name is None:
            return cst.WithItem(value)
        return cst.WithItem(value, cst.AsName(cst.Name(item.name)))

    def _join(self, join: op.JoinBlock) -> None:
        original = cst.ensure_type(self._statement(join.outer), cst.With)
        drops = [self._statement(each) for each in join.drops]
        unwraps = None if join.unwraps is None else self._statement(join.unwraps)

        def change(now: cst.CSTNode) -> cst.CSTNode:
            block = cst.ensure_type(now, cst.With)
            new = self._item(join.item)
            items = [new, *block.items] if join.first else [*block.items, new]
            comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
            items = [
                *(i if isinstance(i.comma, cst.Comma) else i.with_changes(comma=comma) for i in items[:-1]),
                items[-1],
            ]
            body: list[Statement] = []
            inner = cst.ensure_type(block.body, cst.IndentedBlock)
            footer = [*inner.footer]
            before = cst.ensure_type(original.body, cst.IndentedBlock).body
            for old, each in zip(before, inner.body, strict=True):
                if any(old is drop for drop in drops):
                    footer = [*comments(whole(each)), *footer]
                    continue
                nodes, told = without_finally(each) if old is unwraps else ([whole(each)], [])
                body += nodes
                footer = [*told, *footer]
            body = [tight(body[0]), *body[1:]] if body else self._parsed("pass")
            return block.with_changes(items=items, body=inner.with_changes(body=body, footer=footer))

        self._on(original, change)

    def _replace_statement(self, slots: Slots, operation: op.ReplaceStatement) -> Slots:
        slot = slots[_index(slots, self._statement(operation.node))]
        old = slot.now[0]
        new = self._parsed(operation.text)
        new[0] = with_lines(new[0], old.leading_lines)
        if isinstance(old, cst.SimpleStatementLine) and isinstance(new[0], cst.SimpleStatementLine):
            new[0] = new[0].with_changes(trailing_whitespace=old.trailing_whitespace)
        slot.now = new
        return slots

    def _insert_after(self, slots: Slots, operation: op.InsertAfter) -> Slots:
        slot = slots[_index(slots, self._statement(operation.node))]
        new = self._parsed(operation.text)
        new[0] = with_lines(new[0], [cst.EmptyLine(indent=False)] * operation.blank)
        slot.now = [*slot.now, *new]
        return slots

    def _move_before(self, slots: Slots, operation: op.MoveBefore) -> Slots:
        slot = slots[_index(slots, self._statement(operation.block))]
        block = cst.ensure_type(slot.now[0], cst.Try)
        inner = cst.ensure_type(block.body, cst.IndentedBlock)
        moved = [whole(each) for each in inner.body[: operation.count]]
        left = [whole(each) for each in inner.body[operation.count :]]
        if not left:
            raise Refused("nothing would be left in the try")
        kept = block.with_changes(leading_lines=(), body=inner.with_changes(body=[tight(left[0]), *left[1:]]))
        slot.now = [led(moved[0], block.leading_lines), *moved[1:], kept]
        return slots

    def _one_finally(self, slots: Slots, operation: op.OneFinally) -> Slots:
        slot = slots[_index(slots, self._statement(operation.block))]
        behind = None
        if operation.behind is not None:
            other = slots[_index(slots, self._statement(operation.behind))]
            (behind,), other.now = other.now, []
        slot.now = [with_one_finally(slot.now[0], behind)]
        return slots

    # --- the pass ----------------------------------------------------------------------------------------------------

    def on_leave(self, original_node: C, updated_node: C) -> C:
        """Do what is asked of a node, its parts being done."""
        node: cst.CSTNode = super().on_leave(original_node, updated_node)  # type: ignore[assignment]  # as above
        for change in self._nodes.get(original_node, ()):
            node = change(node)
        if isinstance(original_node, cst.Call) and isinstance(node, cst.Call):
            node = self._shortened(original_node, node)
        if isinstance(original_node, (cst.IndentedBlock, cst.Module)) and isinstance(node, type(original_node)):
            node = self._edited(original_node, node)
        return node  # type: ignore[return-value]  # an expression may become another

    def _shortened(self, original: cst.Call, call: cst.Call) -> cst.Call:
        """A call whose only argument was an expression and has become a name."""
        only = original.args[0].value if len(original.args) == 1 else None
        return on_one_line(call) if only in self._nodes and isinstance(call.args[0].value, cst.Name) else call

    def _edited(
        self, original: cst.IndentedBlock | cst.Module, block: cst.IndentedBlock | cst.Module
    ) -> cst.CSTNode:  # fmt: skip
        edits = [
            edit
            for place, every in self._blocks.items()
            if any(self._statements[place] is each for each in original.body)
            for edit in every
        ]
        if not edits:
            return block
        slots = [_Slot(old, [whole(new)]) for old, new in zip(original.body, block.body, strict=True)]
        for edit in edits:
            slots = edit(slots)
        return block.with_changes(body=[each for slot in slots for each in slot.now])


class _Fill(cst.CSTTransformer):
    """Puts an expression where ``__it__`` stands."""

    def __init__(self, value: cst.BaseExpression) -> None:
        super().__init__()
        self._value = value

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:  # noqa: ARG002 # libcst's signature
        return self._value if updated_node.value == "__it__" else updated_node


def _index(slots: Slots, node: cst.CSTNode) -> int:
    return next(place for place, slot in enumerate(slots) if slot.before is node)
