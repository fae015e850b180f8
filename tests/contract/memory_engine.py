"""An engine in memory without search: dicts, and the rules that every engine calls."""

from functools import partial
from operator import attrgetter, methodcaller
from types import SimpleNamespace
from typing import Any, ClassVar

from msgspec import UNSET, Raw, structs

from dialoguedb.errors import InternalError, MessageNotFound
from dialoguedb.formats.attachments import cutting
from dialoguedb.formats.attachments.scanner import Outline
from dialoguedb.model.dialogues import DeletedDialogue
from dialoguedb.model.erasures import DeletedObjects, ErasureProgress
from dialoguedb.model.projects import DeletedProject, Usage
from dialoguedb.model.receipts import ReceiptContents
from dialoguedb.model.refs import MessageRef
from dialoguedb.model.rules import (
    attachments,
    context,
    dialogues,
    idempotency,
    jobs,
    keys,
    memories,
    messages,
    pages,
    projects,
    quoting,
    receipts,
    state,
    status,
    summaries,
    tags,
    templates,
    usage,
)
from dialoguedb.ports import Versioned
from dialoguedb.ports.context import Ending
from dialoguedb.ports.summaries import Former, Job, Reading
from dialoguedb.values.lists import Slice, Window
from dialoguedb.values.timestamps import month_of

ORDER = attrgetter("created", "seq")
REF = attrgetter("namespace", "id")


class Data:
    """All that is stored, by project and what names it there; values are replaced, not changed."""

    def __init__(self):
        self.projects, self.keys, self.usage, self.kept = {}, {}, {}, {}
        self.dialogues, self.messages, self.memories = {}, {}, {}
        self.versions = {}
        self.templates, self.summaries, self.receipts = {}, {}, {}
        self.erasures = {}

    def write(self, project_id, options, run):
        before = {name: dict(table) for name, table in vars(self).items()}
        try:
            record = options.idempotency
            if record is None:
                return run()
            names = (project_id, record.key)
            idempotency.check_kept(record, self.kept.get(names), options.now)
            result = run()
            self.kept[names] = idempotency.kept_response(record, result, options.now)
        except BaseException:
            vars(self).update(before)
            raise
        return result

    def id_of(self, project):
        if project is not None and (project.id,) not in self.projects:
            raise projects.project_not_found(project.name)
        return project and project.id

    def month(self, project_id, month, **more):
        total = structs.replace(self.usage.get((project_id, month), Usage(month)))
        usage.add_up(total, Usage(month, **more))
        return total

    def use(self, project, used, options):
        total = self.month(project.id, used.month)
        usage.add_up(total, used)
        over = options.over_request_quota
        usage.check_quotas(project.settings.quotas, used, total, requests_over=over)
        self.usage[project.id, used.month] = total

    def dialogue(self, project, namespace, dialogue_id):
        found = self.dialogues.get((self.id_of(project), namespace, dialogue_id))
        return found_or(found, status.dialogue_not_found(dialogue_id))

    def memory_at(self, names, version):
        return memories.version_at(self.memories[names], self.versions.get((*names, version)))

    def in_order(self, owner):
        return sorted(self.messages.get(owner, {}).values(), key=ORDER)

    def change(self, project, plan, options):
        self.use(project, plan.usage, options)
        owner = (project.id, *REF(plan.dialogue))
        self.dialogues[owner] = plan.dialogue
        new = {one.id: one for one in plan.append.new} if plan.append else {}
        self.messages[owner] = {**self.messages.get(owner, {}), **new}
        return plan

    def covered(self, project_id, summary):
        found = self.in_order((project_id, summary.namespace, summary.dialogue_id))
        return [one for one in found if summaries.covers(summary, one)]

    def summaries_of(self, owner):
        found = of_project(self.summaries, owner[0])
        return [one for one in found if (one.namespace, one.dialogue_id) == owner[1:]][::-1]


def found_or(found, error):
    if found is None:
        raise error
    return found


def of_project(table, project_id):
    return [one for names, one in table.items() if names[0] == project_id]


def listed(found, window, key, size, make):
    is_down = window.order == "desc"
    ordered = sorted(found, key=key, reverse=is_down)
    if window.after is not None:
        after = tuple(window.after)
        ordered = [one for one in ordered if (key(one) < after if is_down else key(one) > after)]
    taken, more = pages.take(ordered, window.limit, size)
    return Slice([make(one) for one in taken], key(taken[-1]) if more else None)


def listed_messages(found, window, dialogue, mode="inline"):
    make = partial(shown, mode, dialogue.id, dialogue.namespace)
    size = messages.message_bytes
    if mode == "reference":
        size, found = messages.cut_message_bytes, [cut_apart(one) for one in found]
    return listed(found, window, ORDER, size, make)


def shown(mode, dialogue_id, namespace, one):
    if mode == "reference":
        return attachments.with_references(cut_apart(one), dialogue_id, namespace)
    return one.to_message(dialogue_id, namespace)


def cut_apart(one):
    if one.attachments:
        return one
    found = cutting.cut(one.content, Outline(one.content).attachments())
    if found is None:
        return one
    kept = cutting.encode(found.attachments)
    return structs.replace(one, content=found.content, attachments=kept)


def passes(one, filters):
    names = {"namespace", "thread_of", "status", "role"}.intersection(dir(filters))
    if any(getattr(filters, name) not in {None, getattr(one, name)} for name in names):
        return False
    is_tagged = not filters.tags or not set(filters.tags).isdisjoint(tags.decode_tags(one.tags))
    return is_tagged and filters.created.lower <= one.created < filters.created.upper


def operation(method):
    async def run(self, project, *rest):
        run_it = partial(method, self, project, *rest)
        return self.data.write(self.data.id_of(project), rest[-1], run_it)

    return run


class Part:
    """What the operations on one noun share; each implements the port of its name."""

    table = ""
    missing: Any
    show: Any

    def __init__(self, data):
        self.data = data

    async def get(self, project, *names):
        return self.show(self.stored(project, *names), project)

    def stored(self, project, *names):
        found = getattr(self.data, self.table).get((self.data.id_of(project), *names))
        return found_or(found, self.missing(names[-1]))

    @operation
    def delete(self, project, *names_and_options):
        self.stored(project, *names_and_options[:-1])
        del getattr(self.data, self.table)[(project.id, *names_and_options[:-1])]


class Dialogues(Part):
    @operation
    def create(self, project, namespace, new, options):
        owner, above = (project.id, namespace, new.id), (project.id, namespace, new.thread_of)
        parent, is_taken = self.data.dialogues.get(above), owner in self.data.dialogues
        plan = dialogues.plan_creation(namespace, new, parent, options, is_taken=is_taken)
        self.count_thread(above, 1)
        self.data.change(project, plan, options)
        return plan.answer(project, is_echoed=new.messages is not None)

    async def get(self, project, namespace, dialogue_id, last_messages, mode="inline"):
        found, shown = self.data.dialogue(project, namespace, dialogue_id), UNSET
        if last_messages:
            ordered = self.data.in_order((project.id, namespace, dialogue_id))
            window = Window(last_messages, "desc")
            shown = listed_messages(ordered, window, found, mode).items[::-1]
        return Versioned(found.to_dialogue(project, shown), found.revision)

    async def list(self, project, filters, window):
        if filters.thread_of is not None:
            filters = structs.replace(filters, namespace=filters.namespace or "")
        found = of_project(self.data.dialogues, self.data.id_of(project))
        found = [one for one in found if passes(one, filters)]
        order = filters.order_by.replace("lastMessageCreated", "last_message_created")
        key, make = attrgetter(order, "id", "namespace"), methodcaller("to_dialogue", project)
        return listed(found, window, key, dialogues.dialogue_bytes, make)

    @operation
    def update(self, project, namespace, dialogue_id, update, options):
        found = self.data.dialogue(project, namespace, dialogue_id)
        stored = self.data.messages.get((project.id, namespace, dialogue_id), {})
        plan = dialogues.plan_update(found, update, stored, options)
        self.data.change(project, plan, options)
        return plan.answer(project, is_echoed=update.messages is not None)

    @operation
    def change_status(self, project, namespace, dialogue_id, action, options):
        found = self.data.dialogue(project, namespace, dialogue_id)
        plan = dialogues.plan_status(found, action, options)
        return self.data.change(project, plan, options).answer(project)

    @operation
    def delete(self, project, namespace, dialogue_id, _options):
        found = self.data.dialogue(project, namespace, dialogue_id)
        dialogues.check_deletable(project)
        self.count_thread((project.id, namespace, found.thread_of), -1)
        data, tree = self.data, [found]
        for above in tree:  # it grows
            found = of_project(data.dialogues, project.id)
            tree += [one for one in found if (one.namespace, one.thread_of) == REF(above)]
        gone = [one for root in tree for one in data.summaries_of((project.id, *REF(root)))]
        for one in gone:
            del data.summaries[project.id, one.id]
        gone_ids = {(project.id, *REF(one)) for one in tree}
        for names in [n for n, (of, *_) in data.receipts.items() if of in gone_ids]:
            del data.receipts[names]
        for one in tree:
            data.messages.pop((project.id, *REF(one)), None)
            del data.dialogues[project.id, *REF(one)]
        return DeletedDialogue(len(tree), sum(one.total_messages for one in tree), len(gone))

    def count_thread(self, owner, more):
        parent = self.data.dialogues.get(owner)
        if parent:
            count = parent.thread_count + more
            self.data.dialogues[owner] = structs.replace(parent, thread_count=count)


class State(Part):
    async def get(self, project, namespace, dialogue_id):
        found = self.data.dialogue(project, namespace, dialogue_id)
        return Versioned(Raw(found.state), found.revision)

    @operation
    def update(self, project, namespace, dialogue_id, update, options):
        found = self.data.dialogue(project, namespace, dialogue_id)
        plan = state.plan_state_update(found, update, options)
        self.data.change(project, plan, options)
        return Versioned(Raw(plan.dialogue.state), plan.dialogue.revision)


class Messages(Part):
    @operation
    def create(self, project, namespace, dialogue_id, new, options):
        owner = (project.id, namespace, dialogue_id)
        found = self.data.dialogue(project, namespace, dialogue_id)
        plan = messages.plan_append(found, new, self.data.messages.get(owner, {}), options)
        if plan.new:
            after = dialogues.after_append(found, plan)
            planned = dialogues.DialoguePlan(after, is_changed=False, usage=plan.usage, append=plan)
            self.data.change(project, planned, options)
        return Versioned(plan.messages, plan.last_seq)

    async def list(self, project, namespace, dialogue_id, filters, window):
        dialogue = self.data.dialogue(project, namespace, dialogue_id)
        found = self.data.in_order((project.id, namespace, dialogue_id))
        found = [one for one in found if passes(one, filters)]
        return Versioned(
            listed_messages(found, window, dialogue, filters.attachments), dialogue.last_seq
        )

    async def get(self, project, namespace, ref, mode="inline"):
        _, found = self.find(project, namespace, ref)
        return shown(mode, ref.dialogue_id, namespace, found)

    async def deferred_text(self, project, text, start):
        """Find none: messages are whole here."""
        raise MessageNotFound(f"{self.data.id_of(project)} defers nothing: {text} from {start}")

    @operation
    def update(self, project, namespace, ref, new_tags, options):
        dialogue, found = self.find(project, namespace, ref)
        after = messages.plan_retag(project, dialogue, found, new_tags, options.now)
        self.data.use(project, usage.usage_of(options), options)
        owner = (project.id, namespace, dialogue.id)
        self.data.messages[owner] = {**self.data.messages[owner], ref.id: after}
        return after.to_message(dialogue.id, namespace)

    @operation
    def delete(self, project, namespace, dialogue_id, message_id, options):
        owner = (project.id, namespace, dialogue_id)
        dialogue, found = self.find(project, namespace, MessageRef(dialogue_id, message_id))
        rest = [one for one in self.data.in_order(owner) if one is not found]
        latest = rest[-1].created if rest else ""
        self.data.dialogues[owner] = messages.plan_delete(project, dialogue, latest, options.now)
        self.data.messages[owner] = {one.id: one for one in rest}
        return self.forget_quotes(project, owner, found, options.now)

    def forget_quotes(self, project, owner, deleted, now):
        data, is_due = self.data, False
        for one in data.summaries_of(owner):
            if not quoting.quotes(one, deleted):
                continue
            names = (project.id, one.id)
            remakes = project.settings.summaries_after_deletion == "remake"
            if one.status != "processing" and not remakes:
                del data.summaries[names]
                continue
            left = data.covered(project.id, one)
            ends = [summaries.MessageEnd(*ORDER(each), each.id) for each in left]
            sums = (sum(getattr(each, name) for each in left) for name in ("seq", "tokens"))
            bounds = (ends[0], ends[-1]) if ends else None
            measured = summaries.Range(bounds, one.last_seq, len(left), *sums)
            data.summaries[names] = quoting.without_deleted(one, measured, now)
            is_due = is_due or bool(left)
        return is_due

    def find(self, project, namespace, ref):
        owner = (self.data.id_of(project), namespace, ref.dialogue_id)
        found = self.data.messages.get(owner, {}).get(ref.id)
        return self.data.dialogues.get(owner), found_or(found, messages.message_not_found(ref))


class Memories(Part):
    table = "memories"
    missing = staticmethod(memories.memory_not_found)
    show = staticmethod(lambda found, _: found.to_memory())

    @operation
    def create(self, project, namespace, new, options):
        owner = (project.id, namespace, new.id)
        if existing := self.data.memories.get(owner):
            first = self.data.versions.get((*owner, 1))
            return memories.answer_stored(new, existing, first).to_memory()
        similar = new.similar
        like = similar and self.data.memories.get((project.id, namespace, similar.id))
        if like and similar.policy == "return":
            return memories.answer_similar(like, similar)
        made = memories.plan_new(namespace, new, like, options)
        if made.supersedes is not None:
            self.stored(project, namespace, made.supersedes)
        self.data.use(project, usage.usage_of(options, stored_bytes=new.stored_bytes), options)
        self.data.memories[owner] = made
        self.mark((project.id, namespace), made.supersedes, options.now)
        return memories.answer_similar(made, similar) if like else made.to_memory()

    def mark(self, within, memory_id, now):
        """Note in a memory, if it is there, what supersedes it first."""
        if found := self.data.memories.get((*within, memory_id)):
            others = of_project(self.data.memories, within[0])
            by = [
                (one.starts, one.id)
                for one in others
                if (one.namespace, one.supersedes) == (within[1], memory_id)
            ]
            after = memories.plan_superseded(found, min(by, default=None), now)
            self.data.memories[*within, memory_id] = after

    @operation
    def delete(self, project, namespace, memory_id, options):
        within, data = (project.id, namespace), self.data
        gone = self.stored(project, namespace, memory_id)
        del data.memories[*within, memory_id]
        data.versions = {
            names: one for names, one in data.versions.items() if names[:-1] != (*within, memory_id)
        }
        for names, one in [*data.memories.items()]:
            if (*names[:2], one.supersedes) == (*within, memory_id):
                data.memories[names] = structs.replace(one, supersedes=None)
        self.mark(within, gone.supersedes, options.now)

    async def list(self, project, filters, window):
        found = of_project(self.data.memories, self.data.id_of(project))
        found = [one for one in found if passes(one, filters)]
        if filters.as_of is not UNSET:
            found = [one for one in found if one.starts <= filters.as_of < one.ends]
        key = attrgetter(filters.order_by, "id", "namespace")
        return listed(found, window, key, memories.memory_bytes, methodcaller("to_memory"))

    @operation
    def update(self, project, namespace, memory_id, update, options):
        names = (project.id, namespace, memory_id)
        planned = memories.plan_update(self.stored(project, namespace, memory_id), update, options)
        used = usage.usage_of(options, stored_bytes=planned.stored_bytes)
        self.data.use(project, used, options)
        self.data.memories[names] = planned.memory
        if planned.former is not None:
            self.data.versions[*names, planned.former.version] = planned.former
        self.mark(names[:2], planned.memory.supersedes, options.now)
        return planned.memory.to_memory()

    async def versions(self, project, namespace, memory_id, window):
        self.stored(project, namespace, memory_id)
        of = (project.id, namespace, memory_id)
        found = [one for names, one in self.data.versions.items() if names[:-1] == of]
        key, make = lambda one: (one.version,), methodcaller("to_version")
        return listed(found, window, key, memories.version_bytes, make)

    @operation
    def create_version(self, project, namespace, memory_id, new, options):
        names = (project.id, namespace, memory_id)
        found = self.stored(project, namespace, memory_id)
        existing = self.data.versions.get((*names, new.version))
        version = memories.plan_version(new, existing, options)
        if version is not existing:
            self.data.versions[*names, new.version] = version
            after = memories.with_version_before(found, new.version, options.now)
            self.data.memories[names] = after
            used = usage.usage_of(options, stored_bytes=new.stored_bytes)
            self.data.use(project, used, options)
        return version.to_version()


class Summaries(Part):
    table = "summaries"
    missing = staticmethod(summaries.summary_not_found)
    show = staticmethod(lambda found, project: found.to_summary(project))

    @operation
    def create(self, project, dialogue, new, recipe, options):
        data, owner = self.data, (project.id, *dialogue)
        found = data.dialogue(project, *dialogue)
        covered = self.measure(owner, found.last_seq, new)
        template = data.templates.get((project.id, new.template))
        prompt = summaries.prompt_of(new, template and template.prompt)
        same_id, of_dialogue = data.summaries.get((project.id, new.id)), data.summaries_of(owner)
        newest = of_dialogue[0].id if of_dialogue else None
        stored = summaries.SummariesStored(same_id, of_dialogue, newest)
        made = (covered, structs.replace(recipe, prompt=prompt))
        summary = summaries.plan_creation(found, new, made, stored, options)
        if (project.id, summary.id) not in data.summaries:
            data.use(project, usage.usage_of(options, stored_bytes=new.stored_bytes), options)
            data.summaries[project.id, summary.id] = summary
        return Versioned(summary.to_summary(project), found.revision)

    def measure(self, owner, last_seq, new):
        ordered, stored = self.data.in_order(owner), self.data.messages.get(owner, {})
        start = stored.get(new.start_id) if new.start_id else next(iter(ordered), None)
        end = stored.get(new.end_id) if new.end_id else next(reversed(ordered), None)
        found = (one and summaries.MessageEnd(*ORDER(one), one.id) for one in (start, end))
        ends = summaries.range_ends(new, *found)
        within = [one for one in ordered if ends and ends[0] <= (*ORDER(one), one.id) <= ends[1]]
        seqs, tokens = (sum(getattr(m, name) for m in within) for name in ("seq", "tokens"))
        return summaries.Range(ends, last_seq, len(within), seqs, tokens)

    async def list(self, project, dialogue, filters, window):
        self.data.dialogue(project, *dialogue)
        found = self.data.summaries_of((project.id, *dialogue))
        found = [one for one in found if filters.status in {None, one.status}]
        if filters.completed_before is not None:
            found = [one for one in found if one.completed_seq is not None]
            found = [one for one in found if one.completed_seq < filters.completed_before]
        key, make = attrgetter("created", "id"), methodcaller("to_summary", project)
        return listed(found, window, key, summaries.summary_bytes, make)

    async def covered(self, project, namespace, summary_id, window):
        found = self.stored(project, namespace, summary_id)
        dialogue = self.data.dialogue(project, found.namespace, found.dialogue_id)
        return listed_messages(self.data.covered(project.id, found), window, dialogue)

    async def tail(self, project, namespace, dialogue_id):
        self.data.dialogue(project, namespace, dialogue_id)
        owner = (project.id, namespace, dialogue_id)
        return summaries.tail_of(self.data.summaries_of(owner), self.data.in_order(owner))

    @operation
    def delete(self, project, namespace, summary_id, _options):
        found = self.stored(project, namespace, summary_id)
        dialogue = self.data.dialogue(project, found.namespace, found.dialogue_id)
        summaries.check_deletable(structs.replace(found, dialogue_status=dialogue.status))
        del self.data.summaries[project.id, summary_id]

    def stored(self, project, *names):
        found = super().stored(project, names[-1])
        summaries.check_found(found, names[0])
        return found


class Jobs(Part):
    async def lease(self, lease, now, until):
        due, busy = [], set()
        for (project_id, _), one in self.data.summaries.items():
            owner = (project_id, one.namespace, one.dialogue_id)
            if one.status == "processing" and owner not in busy:
                busy.add(owner)
                due += [(one.due, owner, one)] if jobs.is_due(one, now) else []
        if not due:
            return None
        _, owner, one = min(due, key=lambda found: found[0])
        leased = self.data.summaries[owner[0], one.id] = jobs.lease(one, lease, until)
        return Job.of(leased, owner[0], self.data.dialogues[owner].label)

    async def renew(self, job, until):
        return self.change(job, jobs.renew(self.get(job), job.lease, until))

    async def former(self, job, recipe):
        summary = self.get(job)
        if job.rebuild or summary is None:
            return None
        owner = (job.project_id, summary.namespace, summary.dialogue_id)
        for one in sorted(self.data.summaries_of(owner), key=attrgetter("end"), reverse=True):
            now = structs.replace(one, last_seq=summary.last_seq)
            within = self.data.covered(job.project_id, now)
            is_same = (len(within), sum(m.seq for m in within)) == (one.messages, one.seq_sum)
            if is_same and jobs.can_build_on(one, summary, recipe):
                return Former.of(one)
        return None

    async def read(self, job, after, limit):
        summary = self.get(job)
        found = self.data.covered(job.project_id, summary) if summary else []
        return listed(found, Window(limit, "asc", after), ORDER, messages.message_bytes, Reading.of)

    async def complete(self, job, outcome, spent, now):
        if spent.input_tokens >= 2**63:
            raise InternalError("The engine failed")
        summary = self.get(job)
        if summary is not None:
            owner = (job.project_id, summary.namespace, summary.dialogue_id)
            last_seq = self.data.dialogues[owner].last_seq
            summary = structs.replace(summary, dialogue_last_seq=last_seq)
        is_stored = self.change(job, jobs.complete(summary, job.lease, outcome, spent, now))
        if is_stored:
            used, names = jobs.stored_bytes(outcome), (job.project_id, month_of(now))
            self.data.usage[names] = self.data.month(*names, stored_bytes=used)
        return is_stored

    async def fail(self, job, error, spent, now):
        return self.change(job, jobs.fail(self.get(job), job.lease, error, spent, now))

    async def postpone(self, job, due, spent, *, failed):
        self.change(job, jobs.postpone(self.get(job), job.lease, due, spent, failed=failed))

    async def waiting(self):
        return sum(one.status == "processing" for one in self.data.summaries.values())

    def get(self, job):
        return self.data.summaries.get((job.project_id, job.id))

    def change(self, job, after):
        if after is not None:
            self.data.summaries[job.project_id, job.id] = after
        return after is not None


class Templates(Part):
    table = "templates"
    missing = staticmethod(templates.template_not_found)
    show = staticmethod(lambda found, _: found.to_template())

    @operation
    def create(self, project, new, options):
        existing = self.data.templates.get((project.id, new.name))
        made = templates.plan_creation(new, existing, options.now)
        self.data.templates[project.id, new.name] = made
        return made.to_template()

    async def list(self, project, window):
        key = attrgetter("created", "name")
        found = of_project(self.data.templates, self.data.id_of(project))
        return listed(found, window, key, templates.template_bytes, methodcaller("to_template"))

    @operation
    def update(self, project, name, change, options):
        after = templates.plan_update(self.stored(project, name), change, options.now)
        self.data.templates[project.id, name] = after
        return after.to_template()


class Context(Part):
    async def read(self, project, namespace, dialogue_id, tokens_max):
        self.data.dialogue(project, namespace, dialogue_id)
        ordered = self.data.in_order((project.id, namespace, dialogue_id))
        last = context.take_for_window(reversed(ordered), tokens_max)[::-1]
        of_system = [one for one in ordered if one.role in {"system", "developer"}]
        before = [one for one in ordered[: len(ordered) - len(last)] if one.by_user]
        make = methodcaller("to_message", dialogue_id, namespace)
        return Ending(
            messages=[make(one) for one in last],
            offsets=[one.token_offset for one in last],
            system=[make(one) for one in context.take_for_window(of_system, tokens_max)],
            task=make(before[-1]) if before else None,
            total_messages=len(ordered),
            whole=len(last) == len(ordered),
        )


class Receipts(Part):
    async def check_kept(self, project, options):
        record, project_id = options.idempotency, self.data.id_of(project)
        if record is not None:
            idempotency.check_kept(
                record, self.data.kept.get((project_id, record.key)), options.now
            )

    @operation
    def create(self, project, namespace, dialogue_id, new, options):
        found = self.data.dialogue(project, namespace, dialogue_id)
        self.data.use(project, receipts.plan_receipt(found, new, options), options)
        owner = (project.id, namespace, dialogue_id)
        self.data.receipts[project.id, new.id] = (owner, new, options.now)

    async def get(self, project, namespace, receipt_id):
        data, missing = self.data, receipts.context_not_found(receipt_id)
        found = found_or(data.receipts.get((data.id_of(project), receipt_id)), missing)
        (_, of, dialogue_id), new, created = found
        receipts.check_receipt_found(receipt_id, of, namespace)
        parts = receipts.parts_of(new)
        left = receipts.still_there(parts, data.in_order((project.id, of, dialogue_id)))
        summary = data.summaries.get((project.id, parts.summary))
        names = [(project.id, of, one) for one in parts.memories]
        return ReceiptContents(
            receipt=new,
            dialogue_id=dialogue_id,
            namespace=of,
            created=created,
            messages=[one.to_message(dialogue_id, of) for one in left],
            summary=summary and summary.to_summary(project),
            memories=[
                data.memory_at(one, parts.version_of(one[-1])).to_memory()
                for one in names
                if one in data.memories
            ],
        )


class Erasures(Part):
    async def advance(self, project, namespace, digest, now):
        data, project_id = self.data, self.data.id_of(project)
        started, deleted = data.erasures.get((project_id, digest), (now, DeletedObjects()))
        owner = (project_id, namespace)
        gone = {kind: self.of_namespace(kind, owner) for kind in ERASED}
        data.kept = {key: one for key, one in data.kept.items() if key[0] != project_id}
        for kind, found in gone.items():
            table = getattr(data, kind)
            lost = [table[key] for key in found]
            count = sum(map(len, lost)) if kind == "messages" else len(lost)
            deleted = deleted.plus(ERASED[kind], count)
            setattr(data, kind, {key: table[key] for key in table if key not in found})
        data.versions = {key: one for key, one in data.versions.items() if key[:2] != owner}
        data.erasures[project_id, digest] = (started, deleted)
        return ErasureProgress(started, deleted, is_complete=not any(gone.values()))

    async def finish(self, project, digest):
        self.data.erasures.pop((self.data.id_of(project), digest), None)

    def of_namespace(self, kind, owner):
        table = getattr(self.data, kind)
        if kind in {"dialogues", "messages", "memories"}:
            return {key for key in table if key[:2] == owner}
        if kind == "receipts":
            return {key for key, one in table.items() if one[0][:2] == owner}
        return {key for key, one in table.items() if (key[0], one.namespace) == owner}

    async def clean(self):
        return True


ERASED = {
    "keys": "keys",
    "summaries": "summaries",
    "receipts": "recorded_windows",
    "messages": "messages",
    "dialogues": "dialogues",
    "memories": "memories",
}


class Projects(Part):
    async def create(self, project, key, options):
        return self.data.write(None, options, partial(self.insert, project, key, options.now))

    def insert(self, project, key, now):
        named = any(one.name == project.name for one in self.data.projects.values())
        projects.check_name(project.name, is_taken=named)
        self.data.projects[project.id,] = project
        if key:
            self.data.keys[project.id, key.id] = keys.new_key(key, now)
        return project

    async def get(self, id_or_name):
        return self.find(id_or_name)

    def find(self, id_or_name):
        found = (one for one in self.data.projects.values() if id_or_name in {one.id, one.name})
        return found_or(next(found, None), projects.project_not_found(id_or_name))

    async def list(self, window):
        found, key = self.data.projects.values(), attrgetter("created", "id")
        return listed(found, window, key, lambda _: 0, lambda one: one)

    @operation
    def update(self, project, change, options):
        stored = self.data.projects
        stored[project.id,] = projects.plan_settings(stored[project.id,], change, options.now)
        return stored[project.id,]

    async def delete(self, project_id, options):
        return self.data.write(None, options, partial(self.remove, project_id))

    def remove(self, id_or_name):
        project, data = self.find(id_or_name), self.data
        projects.check_unprotected(project)
        gone = of_project(data.dialogues, project.id)
        others = [len(of_project(one, project.id)) for one in (data.memories, data.summaries)]
        for name, table in vars(data).items():
            setattr(data, name, {key: table[key] for key in table if key[0] != project.id})
        return DeletedProject(len(gone), sum(one.total_messages for one in gone), *others)

    async def usage(self, project, month):
        return self.data.month(self.data.id_of(project), month)

    async def count_request(self, project, month):
        names = (self.data.id_of(project), month)
        self.data.usage[names] = self.data.month(*names, requests=1)
        return self.data.usage[names].requests

    async def record_activity(self, month, requests, last_used):
        for project_id, count in requests.items():
            if (project_id,) in self.data.projects:
                names = (project_id, month)
                self.data.usage[names] = self.data.month(*names, requests=count)
        for names, key in self.data.keys.items():
            if names[1] in last_used:
                self.data.keys[names] = structs.replace(key, last_used=last_used[names[1]])


class Keys(Part):
    table = "keys"
    missing = staticmethod(keys.key_not_found)
    show = staticmethod(lambda found, project: found.to_key(project))

    @operation
    def create(self, project, new, options):
        key = self.data.keys[project and project.id, new.id] = keys.new_key(new, options.now)
        return key.to_key(project)

    async def list(self, project, window):
        found, key = (
            of_project(self.data.keys, self.data.id_of(project)),
            attrgetter("created", "id"),
        )
        return listed(found, window, key, keys.key_bytes, methodcaller("to_key", project))

    @operation
    def revoke(self, project, key_id, options):
        after = keys.plan_revocation(self.stored(project, key_id), options.now)
        self.data.keys[project and project.id, key_id] = after
        return after.to_key(project)

    async def find(self, digest):
        for (owner, _), one in self.data.keys.items():
            if one.digest == digest and keys.opened_by(digest, one):
                return one.to_caller(owner and self.data.projects[owner,])
        return None


class MemoryStore:
    stored: ClassVar[dict[str, Data]] = {}

    def __init__(self, data):
        self.data = data
        self.dialogues, self.state, self.messages = Dialogues(data), State(data), Messages(data)
        self.memories, self.summaries, self.jobs = Memories(data), Summaries(data), Jobs(data)
        self.templates, self.context, self.keys = Templates(data), Context(data), Keys(data)
        self.receipts, self.erasures = Receipts(data), Erasures(data)
        self.rate_limits = None
        self.projects, self.search = Projects(data), None
        self.index = SimpleNamespace(status=None, purge=self.purge)

    @classmethod
    async def open(cls, directory, _meter=None):
        return cls(cls.stored.setdefault(str(directory), Data()))

    async def forget_answers(self, before):
        kept = self.data.kept
        self.data.kept = {names: kept[names] for names in kept if kept[names].created >= before}

    def page_token_secret(self):
        return b"secret"

    async def purge(self):
        return False

    async def ready(self):
        pass

    close = ready
