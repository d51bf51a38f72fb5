"""A whole session: every case in rounds A B C A B C, and what became of each."""
import dataclasses
import itertools
import math
import re
import time

from suite import figures, metrics, plan, search
from suite.processes import Failure
from suite.run import measure


@dataclasses.dataclass
class Outcome:
    """What one case came to: results and errors by system, and who was left out and why."""
    case: plan.Case
    results: dict = dataclasses.field(default_factory=dict)  # each with its parts and commands
    errors: dict = dataclasses.field(default_factory=dict)   # sentences
    notes: dict = dataclasses.field(default_factory=dict)    # sentences

    def combined(self, system):
        """The results of a system, one per round."""
        return [figures.combine(result['parts']) for result in self.results.get(system, [])]

    def summaries(self):
        """Each system's spread of each figure."""
        return {name: figures.summarize(self.combined(name)) for name in self.results}

    def summary(self):
        """All of it but the buckets, for results.json."""
        case = self.case
        systems = {name: {'figures': summary, 'commands': self.results[name][-1]['commands'],
                          'bench': [part['command'] for part in self.results[name][-1]['parts']]}
                   for name, summary in self.summaries().items()}
        return {'name': case.name, 'scenario': case.scenario, 'options': case.options,
                'rounds': case.rounds, 'systems': systems, 'notes': self.notes,
                'errors': self.errors}


class Session:
    """Runs cases in their order. A failed run is noted, and the rest goes on.

    When it has taken so many seconds, no case gets another round.
    """

    def __init__(self, tools, systems, cases, seconds=math.inf):
        self.tools = tools
        self.systems = {system.name: system for system in systems}
        self.cases = cases
        self.outcomes = []
        self.limit = None
        self.interrupted = False
        self.tired = {}  # system: (rate, what went wrong at it)
        self.begin = time.monotonic()
        self.late = self.begin + seconds
        self.count = itertools.count(1)
        self.runs = sum(case.rounds * len(case.systems) for case in cases)

    @property
    def failed(self):
        """Whether any run did."""
        return any(outcome.errors for outcome in self.outcomes)

    def run(self):
        """All cases, or until Ctrl-C: what there is by then stays."""
        try:
            for scenario, cases in itertools.groupby(self.cases, lambda case: case.scenario):
                if scenario == plan.GRAPH:
                    self.run_in_turns([Outcome(case) for case in cases])
                else:
                    for case in cases:
                        self.run_case(case)
        except KeyboardInterrupt:
            self.interrupted = True

    def run_in_turns(self, outcomes):
        """A round of each case, then the next: for cases that are compared with each other."""
        self.outcomes += outcomes
        for number in range(1, max(outcome.case.rounds for outcome in outcomes) + 1):
            for outcome in outcomes:
                if number <= outcome.case.rounds:
                    self.run_round(outcome, number)

    def run_case(self, case):
        """One case; the search for the limit is one of its own kind."""
        outcome = Outcome(case)
        self.outcomes.append(outcome)
        if case.scenario == plan.LIMIT:
            self.find_limit(outcome)
        elif case.of_limit and not self.limit:
            outcome.notes = dict.fromkeys(case.systems, 'no limit is known')
        else:
            if case.of_limit:
                outcome.case = case.at(round(self.limit * search.SHARE))
            self.run_rounds(outcome)

    def run_rounds(self, outcome):
        """All rounds of one case, the systems taking turns."""
        case = outcome.case
        for name in case.systems:
            rate, why = self.tired.get(name, (None, None))
            if case.scenario == 'propagation' and rate and case.options['rate'] > rate:
                outcome.notes[name] = f'not sustained: at {rate:,}/s {why}'
        for number in range(1, case.rounds + 1):
            self.run_round(outcome, number)
        if case.scenario == 'propagation':
            self.judge(outcome)

    def run_round(self, outcome, number):
        """One run of each system that has not failed; but for the first round, unless it is late."""
        case = outcome.case
        if number > 1 and time.monotonic() > self.late:
            print(f'{case.name}: no round {number}, as it is late', flush=True)
            return
        for name in case.systems:
            if name not in outcome.notes and name not in outcome.errors:
                self.run_once(outcome, name, number)

    def run_once(self, outcome, name, number):
        """One run; its result is kept or its failure noted."""
        case = outcome.case
        folder = self.tools.out / 'runs' / slug(case.name) / f'{number}-{name}'
        try:
            result = measure(self.tools, self.systems[name], case, folder)
            outcome.results.setdefault(name, []).append(result)
            said = headline(outcome.combined(name)[-1])
        except (Failure, OSError, ValueError, LookupError) as failure:
            outcome.errors[name] = f'round {number}: {failure}'
            said = f'FAILED: {failure}'
        self.tell(f'{case.name}, round {number} of {case.rounds}', name, said)

    def judge(self, outcome):
        """Remembers who did not sustain this rate."""
        for name, summary in outcome.summaries().items():
            trouble = figures.trouble(summary)
            if trouble:
                outcome.notes[name] = f'not sustained: {trouble}'
                self.tired.setdefault(name, (outcome.case.options['rate'], trouble))

    def find_limit(self, outcome):
        """Probes the ladder; the first failure of a run ends it."""
        name, = outcome.case.systems
        try:
            self.limit = search.highest(search.LADDER, lambda rate: self.probe(outcome, rate))
        except Failure as failure:
            outcome.errors[name] = str(failure)
            self.tell(outcome.case.name, name, f'FAILED: {failure}')
            return
        outcome.notes[name] = (
            f'sustains {self.limit:,}/s' if self.limit else f'sustains no {search.LADDER[0]}/s')
        self.tell(outcome.case.name, name, outcome.notes[name])

    def probe(self, outcome, rate):
        """Whether the system sustains the rate."""
        case = outcome.case.at(rate)
        name, = case.systems
        folder = self.tools.out / 'runs' / slug(case.name) / name
        return search.sustained(measure(self.tools, self.systems[name], case, folder)['parts'][0])

    def tell(self, what, name, said):
        """A line of progress."""
        seconds = time.monotonic() - self.begin
        print(f'{clock(seconds)} {next(self.count):4}/{self.runs}  {what}: {name}: {said}',
              flush=True)


def headline(result):
    """The first figures of a result, in a few words."""
    flat = figures.flatten(result)
    shown = [f'{metric.label} {metrics.written(flat[metric.name], metric.unit)}'
             for metric in metrics.METRICS[result['scenario']]
             if metric.brief and metric.name in flat]
    return ', '.join(shown[:3])


def slug(name):
    """A folder's name."""
    return re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')


def clock(seconds):
    """Minutes and seconds."""
    return f'{int(seconds) // 60:02}:{int(seconds) % 60:02}'
