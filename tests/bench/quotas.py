"""The peer of quotas: biproportional apportionment in plain Python, by the same method as analytics/src/quota.

Argument: a JSON file {"weights": [[..]], "row_totals": [..], "column_totals": [..], "upper": [[..]] or null} with whole numbers. Prints one JSON object: the
seats, the divisors as decimals, the seconds that the apportionment took without reading the file, and whether the divisors prove the result.

Same method: rows apportioned alone under column multipliers that scaling finds roughly, then a minimum-cost flow that moves seats between columns
along the cheapest way, with standard rounding; of equally good matrices the one whose cells, row by row, are greatest at the first difference.
Python's whole numbers have no limit, so what is compared are fractions as pairs of products.
"""

import heapq
import json
import math
import sys
import time
from fractions import Fraction

ONE = 1 << 20
ROUNDS, PATIENCE = 60, 5


class Infeasible(Exception):
    """No matrix meets all totals and caps."""


def fill(weights, total, caps):
    """One row alone: each seat goes to the entry with the greatest weight over signpost, of equal ones to the first."""
    seats = [0] * len(weights)
    # The heap gives the smallest, so signpost over weight; a fraction compares exactly.
    claims = [(Fraction(1, weight), entry) for entry, weight in enumerate(weights) if weight and caps[entry]]
    heapq.heapify(claims)
    for _ in range(total):
        if not claims:
            raise Infeasible("a row asks for more than its caps")
        _, entry = claims[0]
        seats[entry] += 1
        if seats[entry] < caps[entry]:
            heapq.heapreplace(claims, (Fraction(2 * seats[entry] + 1, weights[entry]), entry))
        else:
            heapq.heappop(claims)
    return seats


def start(weights, row_totals, column_totals, caps):
    """Rows with their totals, optimal within each row under the best column multipliers that alternate scaling came across."""
    multipliers = [ONE] * len(column_totals)
    best, patience = None, PATIENCE
    for _ in range(ROUNDS):
        seats = [
            fill([weight * multiplier for weight, multiplier in zip(row, multipliers)], total, cap) for row, total, cap in zip(weights, row_totals, caps)
        ]
        sums = [sum(column) for column in zip(*seats)]
        off = sum(abs(has - wants) for has, wants in zip(sums, column_totals))
        if best is None or off < best[0]:
            best, patience = (off, seats), PATIENCE
        else:
            patience -= 1
        if off == 0 or patience == 0:
            break
        multipliers = [
            min(max(multiplier * (2 * wants + 1) // (2 * has + 1), 1), 1 << 36) for multiplier, has, wants in zip(multipliers, sums, column_totals)
        ]
    return best[1]


class Flow:
    def __init__(self, weights, caps, seats):
        self.weights, self.caps, self.seats = weights, caps, seats
        self.rows, self.columns = len(weights), len(weights[0])
        self.steps = [[None] * self.columns for _ in range(self.columns)]
        for start_column in range(self.columns):
            for end in range(self.columns):
                self.find_step(start_column, end)

    def next_price(self, row, column):
        seats = self.seats[row][column]
        return Fraction(2 * seats + 1, self.weights[row][column]) if seats < self.caps[row][column] else None

    def last_price(self, row, column):
        seats = self.seats[row][column]
        return Fraction(2 * seats - 1, self.weights[row][column]) if seats else None

    def step_cost(self, row, from_, to):
        """What it costs to move a seat between two columns of a row; None where that is not allowed."""
        more, less = self.seats[row][to], self.seats[row][from_]
        if more >= self.caps[row][to] or less == 0:
            return None
        return Fraction((2 * more + 1) * self.weights[row][from_], (2 * less - 1) * self.weights[row][to])

    def find_step(self, from_, to):
        best = None
        if from_ != to:
            for row in range(self.rows):
                cost = self.step_cost(row, from_, to)
                if cost is not None and (best is None or cost < best[0]):
                    best = (cost, row)
        self.steps[from_][to] = best

    def ways(self, starts):
        """The cheapest way to each column, by Bellman-Ford: (product of costs, hops)."""
        ways = [(Fraction(1), []) if start_here else None for start_here in starts]
        for _ in range(self.columns):
            changed = False
            for from_ in range(self.columns):
                if ways[from_] is None:
                    continue
                before, hops = ways[from_]
                for to, step in enumerate(self.steps[from_]):
                    if step is None:
                        continue
                    cost = before * step[0]
                    if ways[to] is None or cost < ways[to][0]:
                        ways[to] = (cost, hops + [(step[1], from_, to)])
                        changed = True
            if not changed:
                break
        return ways

    def run(self, column_totals):
        sums = [sum(column) for column in zip(*self.seats)]
        while sums != column_totals:
            ways = self.ways([has > wants for has, wants in zip(sums, column_totals)])
            ends = [column for column in range(self.columns) if sums[column] < column_totals[column] and ways[column] is not None]
            if not ends:
                raise Infeasible("no seat can be moved to the columns that want one")
            end = min(ends, key=lambda column: ways[column][0])
            hops = ways[end][1]
            sums[hops[0][1]] -= 1
            sums[end] += 1
            self.walk(hops)

    def walk(self, hops):
        for row, from_, to in hops:
            self.seats[row][from_] -= 1
            self.seats[row][to] += 1
        for row, from_, to in hops:
            for column in range(self.columns):
                for pair in ((from_, column), (column, from_), (to, column), (column, to)):
                    self.offer_step(row, *pair)

    def offer_step(self, row, from_, to):
        known = self.steps[from_][to]
        if known is not None and known[1] == row:
            self.find_step(from_, to)
        elif from_ != to:
            cost = self.step_cost(row, from_, to)
            if cost is not None and (known is None or cost < known[0]):
                self.steps[from_][to] = (cost, row)

    def potentials(self):
        return [way[0] for way in self.ways([True] * self.columns)]

    def price_range(self, row, potentials):
        """The dearest last and the cheapest next seat of a row."""
        last = [price / potential for price, potential in ((self.last_price(row, j), potentials[j]) for j in range(self.columns)) if price is not None]
        following = [price / potential for price, potential in ((self.next_price(row, j), potentials[j]) for j in range(self.columns)) if price is not None]
        return max(last, default=None), min(following, default=None)


def settle(flow, turned):
    """Of the equally good matrices the greatest in the order of the request, cell by cell."""
    potentials = flow.potentials()
    cells = []
    for row in range(flow.rows):
        dearest, cheapest = flow.price_range(row, potentials)
        if dearest is None or dearest != cheapest:
            continue
        for column in range(flow.columns):
            last, following = flow.last_price(row, column), flow.next_price(row, column)
            if last is not None and last / potentials[column] == dearest:
                cells.append([row, column, True])
            elif following is not None and following / potentials[column] == dearest:
                cells.append([row, column, False])
    cells.sort(key=lambda cell: (cell[1], cell[0]) if turned else (cell[0], cell[1]))
    open_ = [set() for _ in range(flow.rows + flow.columns)]
    for place, (row, column, _) in enumerate(cells):
        open_[row].add(place)
        open_[flow.rows + column].add(place)
    for place, (row, column, raised) in enumerate(cells):
        open_[row].discard(place)
        open_[flow.rows + column].discard(place)
        if raised:
            continue
        ring = way_between(cells, open_, flow.rows, flow.rows + column, row)
        for change in [] if ring is None else [*ring, place]:
            at_row, at_column, was_raised = cells[change]
            cells[change][2] = not was_raised
            flow.seats[at_row][at_column] += -1 if was_raised else 1


def way_between(cells, open_, rows, start_node, end):
    """The cells of a way: a raised cell leads from its column to its row, another from its row to its column."""
    came = {start_node: None}
    stack = [start_node]
    while stack:
        node = stack.pop()
        from_row = node < rows
        for place in open_[node]:
            row, column, raised = cells[place]
            following = rows + column if from_row else row
            if raised == from_row or following in came:
                continue
            came[following] = (node, place)
            if following == end:
                way = []
                while came[following] is not None:
                    following, place = came[following]
                    way.append(place)
                return way
            stack.append(following)
    return None


def biproportional(weights, row_totals, column_totals, upper=None):
    """Seats, row divisors and column divisors. Of the two sides the shorter is made the columns, which are the nodes of the flow."""
    # One over all seats can never be given, but a cell without a real limit is never full.
    most = sum(row_totals) + 1
    caps = [
        [0 if weight == 0 else min(most, most if upper is None else upper[i][j]) for j, weight in enumerate(row)] for i, row in enumerate(weights)
    ]
    turned = len(column_totals) > len(row_totals)
    if turned:
        weights, caps = [list(column) for column in zip(*weights)], [list(column) for column in zip(*caps)]
        row_totals, column_totals = column_totals, row_totals
    flow = Flow(weights, caps, start(weights, row_totals, column_totals, caps))
    flow.run(column_totals)
    settle(flow, turned)
    flow = Flow(weights, caps, flow.seats)
    potentials = flow.potentials()
    rows = []
    for row in range(flow.rows):
        dearest, cheapest = flow.price_range(row, potentials)
        price = cheapest if dearest is None else dearest
        rows.append(Fraction(1) if price is None else 2 / price)
    columns = [1 / potential for potential in potentials]
    if turned:
        return [list(column) for column in zip(*flow.seats)], columns, rows
    return flow.seats, rows, columns


def proves(weights, upper, seats, rows, columns):
    """Whether each cell is its weight over both its divisors, rounded, or its cap."""
    for i, row in enumerate(seats):
        for j, has in enumerate(row):
            quotient = weights[i][j] / (rows[i] * columns[j])
            cap = math.inf if upper is None else upper[i][j]
            if quotient < Fraction(2 * has - 1, 2) or (has < cap and quotient > Fraction(2 * has + 1, 2)):
                return False
    return True


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        request = json.load(file)
    upper = request.get("upper")
    began = time.perf_counter()
    seats, rows, columns = biproportional(request["weights"], request["row_totals"], request["column_totals"], upper)
    seconds = time.perf_counter() - began
    met = [sum(row) for row in seats] == request["row_totals"] and [sum(column) for column in zip(*seats)] == request["column_totals"]
    print(
        json.dumps(
            {
                "seats": seats,
                "row_divisors": [float(divisor) for divisor in rows],
                "column_divisors": [float(divisor) for divisor in columns],
                "seconds": seconds,
                "proved": met and proves(request["weights"], upper, seats, rows, columns),
            }
        )
    )


if __name__ == "__main__":
    main()
