"""Holds Stocktake's rows against the truth: as many, the same ones, equal field by field."""
from datetime import datetime

from checks import say
from cloud import at
from shape import KEYS, OWNERS, Link

#: Columns that are Stocktake's own.
OWN = {"id", "ref", "provider", "created_on", "updated_on", "archived_on"}
SHOWN = 12


class Inventory:
    """Stocktake's rows by the truth's keys: links to rows with identities of parts are turned back into those parts."""

    def __init__(self, rows):
        self.parts = {}
        for name in ("availability_zones", "key_pairs"):
            self.parts[name] = {row["ref"]: tuple(row[c] for c in KEYS[name]) for row in rows.get(name, ())}
        self.rows, self.twice = {}, []
        for name, of in rows.items():
            keyed = self.rows.setdefault(name, {})
            for row in of:
                key = self.key(name, row)
                if key in keyed:
                    self.twice.append(f"{name} {key}")
                keyed[key] = row

    def key(self, name, row):
        if name == "labels":
            owner = next((o for o in OWNERS["labels"] if row.get(o)), None)
            return owner, owner and row[owner]["ref"], row["section"], row["name"]
        if name in KEYS:
            return tuple(reference(row.get(column)) for column in KEYS[name])
        return row["ref"]

    def value(self, row, column, should):
        """The row's value in the form of the truth's."""
        value = row.get(column)
        if isinstance(value, dict) and set(value) == {"id", "ref", "name"}:
            parts = self.parts.get(should.collection) if isinstance(should, Link) else None
            return parts.get(value["ref"], value["ref"]) if parts else value["ref"]
        if isinstance(should, datetime) and isinstance(value, str):
            return at(value)
        return value


def reference(value):
    return value["ref"] if isinstance(value, dict) else value


def expected(truth, value):
    """Links to what is not there lead nowhere; an empty text is none."""
    if isinstance(value, Link):
        return value.key if value.key in truth.get(value.collection, {}) else None
    return None if value == "" else value


class Result:
    def __init__(self, name, cloud, stocktake):
        self.name, self.cloud, self.stocktake = name, cloud, stocktake
        self.fields, self.differences, self.unasked = 0, [], set()

    @property
    def equal(self):
        return self.cloud == self.stocktake and not self.differences and not self.unasked


def of_collection(truth, inventory, name, keys=None):
    """Compares a collection, or only the rows with these keys."""
    wanted = lambda rows: {k: r for k, r in rows.items() if keys is None or k in keys}
    should, is_ = wanted(truth.get(name, {})), wanted(inventory.rows.get(name, {}))
    result = Result(name, len(should), len(is_))
    result.differences += [f"{name} {key}: missing" for key in should.keys() - is_.keys()]
    result.differences += [f"{name} {key}: the cloud has none" for key in is_.keys() - should.keys()]
    for key in should.keys() & is_.keys():
        for column, value in should[key].items():
            want, have = expected(truth, value), inventory.value(is_[key], column, value)
            result.fields += 1
            if want != (None if have == "" else have):
                result.differences.append(f"{name} {key} {column}: cloud {want!r}, stocktake {have!r}")
        # A column with something in it that the cloud was not asked for would be believed unseen.
        result.unasked |= {c for c, v in is_[key].items() if v is not None and c not in should[key] and c not in OWN}
    return result


def everything(truth, inventory):
    return [of_collection(truth, inventory, name) for name in sorted(truth)]


def touched(truth, inventory, objects):
    """Compares these objects, (collection, ref), and all they own."""
    results = []
    for name in sorted(truth):
        named = {ref for collection, ref in objects if collection == name}
        links = {Link(collection, ref) for collection, ref in objects}
        owned = {key for key, row in truth[name].items() if links & {row.get(o) for o in OWNERS.get(name, ())}}
        refs = {ref for _, ref in objects}
        held = {key for key, row in inventory.rows.get(name, {}).items()
                if refs & {reference(row.get(o)) for o in OWNERS.get(name, ())}}
        if named | owned | held:
            results.append(of_collection(truth, inventory, name, named | owned | held))
    return results


def table(results):
    """Prints how the collections compare, and the first differences of each."""
    say(f"   {'collection':32}{'cloud':>7}{'stocktake':>11}{'equal':>7}{'fields':>8}{'differences':>13}")
    for r in results:
        say(f"   {r.name:32}{r.cloud:>7}{r.stocktake:>11}{'yes' if r.equal else 'NO':>7}{r.fields:>8}{len(r.differences):>13}")
    say(f"   {'all':32}{sum(r.cloud for r in results):>7}{sum(r.stocktake for r in results):>11}"
        f"{'yes' if all(r.equal for r in results) else 'NO':>7}{sum(r.fields for r in results):>8}"
        f"{sum(len(r.differences) for r in results):>13}")


def check(checks, what, results, each=False):
    """One check for each collection, or one for all of them."""
    table(results)
    for r in results if each else ():
        checks.equal(f"{what}: as many {r.name} as the cloud has", r.stocktake, r.cloud)
    for r in results:
        told = sorted(r.differences)[:SHOWN] + ["…"] * (len(r.differences) > SHOWN)
        if each or not r.equal:
            checks.that(f"{what}: {r.name} equal field by field", not r.differences, "\n".join(told))
        if r.unasked:
            checks.that(f"{what}: every filled column of {r.name} was held against the cloud", False, sorted(r.unasked))
    if not each:
        checks.that(f"{what}: {sum(r.cloud for r in results)} rows, {sum(r.fields for r in results)} fields equal",
                    all(r.equal for r in results), "see above")
