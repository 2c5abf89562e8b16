"""The part of CloudWatch's metric math that the module uses, on one datapoint of each series.

Arithmetic, comparisons, IF, FILL and SUM of a list, as the documentation has them: what is computed from a missing
datapoint is missing, so is a division by zero; SUM leaves missing ones out. Whether FILL fills a series that has no
data at all is not documented: `fills_empty` tries both.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

Value = float | None
OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Lt: operator.lt,
    ast.Gt: operator.gt,
}


def evaluate(queries: list[dict[str, Any]], data: Mapping[str, Value], fills_empty: bool = True) -> Value:
    """The series that an alarm watches, from its metric_query blocks and a datapoint by metric name. None: no data."""
    known: dict[str, Value] = {}
    expressions: dict[str, str] = {}
    for query in queries:
        if query["metric"]:
            known[query["id"]] = data.get(query["metric"][0]["metric_name"])
        else:
            expressions[query["id"]] = query["expression"]
    (watched,) = [query["id"] for query in queries if query["return_data"]]
    return _Evaluation(known, expressions, fills_empty).of(watched)


class _Evaluation:
    def __init__(self, known: dict[str, Value], expressions: dict[str, str], fills_empty: bool) -> None:
        self.known, self.expressions, self.fills_empty = known, expressions, fills_empty

    def of(self, name: str) -> Value:
        if name not in self.known:
            self.known[name] = self._node(ast.parse(self.expressions[name], mode="eval").body)
        return self.known[name]

    def _node(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=int() | float() as value):
                return float(value)
            case ast.Name(id=name):
                return self.of(name)
            case ast.BinOp(left=left, op=sign, right=right) | ast.Compare(left=left, ops=[sign], comparators=[right]):
                return self._both(sign, self._node(left), self._node(right))
            case ast.Call(func=ast.Name(id="IF"), args=[condition, yes, no]):
                chosen = self._node(condition)
                return None if chosen is None else self._node(yes if chosen else no)
            case ast.Call(func=ast.Name(id="FILL"), args=[series, filling]):
                found = self._node(series)
                return self._node(filling) if found is None and self.fills_empty else found
            case ast.Call(func=ast.Name(id="SUM"), args=[ast.List(elts=several)]):
                there = [found for one in several if (found := self._node(one)) is not None]
                return sum(there) if there else None
        raise ValueError(f"not known here: {ast.unparse(node)}")

    def _both(self, sign: ast.operator | ast.cmpop, left: Value, right: Value) -> Value:
        if left is None or right is None or (isinstance(sign, ast.Div) and right == 0):
            return None
        return float(OPERATORS[type(sign)](left, right))


def breaches(alarm: dict[str, Any], data: Mapping[str, Value], fills_empty: bool = True) -> bool:
    """Whether an alarm of one period is in ALARM over these datapoints; missing data breaches nothing."""
    assert alarm["treat_missing_data"] == "notBreaching"
    assert alarm["comparison_operator"] == "GreaterThanThreshold"
    value = evaluate(alarm["metric_query"], data, fills_empty)
    return value is not None and value > alarm["threshold"]


def rings(rule: str, in_alarm: Mapping[str, bool]) -> bool:
    """A composite alarm's rule of ALARM("name"), AND, OR and brackets."""
    tree = ast.parse(rule.replace(" AND ", " and ").replace(" OR ", " or "), mode="eval").body

    def holds(node: ast.expr) -> bool:
        match node:
            case ast.BoolOp(op=ast.And(), values=values):
                return all(holds(value) for value in values)
            case ast.BoolOp(values=values):
                return any(holds(value) for value in values)
            case ast.Call(func=ast.Name(id="ALARM"), args=[ast.Constant(value=str() as name)]):
                return in_alarm[name]
        raise ValueError(f"not known here: {ast.unparse(node)}")

    return holds(tree)
