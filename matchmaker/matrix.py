"""The permission matrix: who may see what, who may do what, by which address.

Three tables, and nothing else decides. `policies` reads the second for every
decision; its conditions carry out the first, which a test holds them to; another
test opens every address of the third as everybody. `flask policies` prints them.

The cells: ``any`` record the person may see, ``own`` records only (of one's own
organisation; a review, notice, mandate or account of one's own), ``-`` none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from models.states import Role

Scope = Literal["-", "own", "any"]
SCOPES: Mapping[str, Scope] = {"-": "-", "own": "own", "any": "any"}
VISITOR = "visitor"
# The columns of the first two tables.
ROLES: tuple[str, ...] = (
    VISITOR,
    Role.ENTERPRISE,
    Role.UNIVERSITY,
    Role.MANAGER,
    Role.STAFF,
    Role.ADMIN,
    Role.EXPERT,
)
# «by-secret»: to whoever brings the secret of a letter's link, or the browser it was
# meant for; there is nothing at the address for anybody else.
OPEN, BY_SECRET, SIGNED_IN = "open", "by-secret", "signed-in"

# Who may know of a record, by its state. A state or secrecy of «*» is every one
# that has no line of its own; a call that the platform itself drafted is «platform».
# A pair is seen only while both its sides are.
SIGHT = """
record       state                  secrecy     visitor enterprise university manager staff admin expert
need         draft                  *           -       own        own        own     -     -     -
need         published,solved       public      any     any        any        any     any   any   any
need         published,solved       masked      any     any        any        any     any   any   any
need         published,solved       restricted  -       own        own        own     any   any   -
need         *                      *           -       own        own        own     any   any   -
achievement  draft                  *           -       own        own        own     -     -     -
achievement  published,transferred  *           any     any        any        any     any   any   any
achievement  *                      *           -       own        own        own     any   any   -
call         draft                  platform    -       own        own        own     any   any   -
call         draft                  *           -       own        own        own     -     -     -
call         argued,withdrawn       *           -       own        own        own     any   any   -
call         *                      *           any     any        any        any     any   any   any
suggestion   approved               *           -       own        -          -       any   any   -
suggestion   *                      *           -       -          -          -       any   any   -
notice       *                      *           -       own        own        own     own   own   own
mandate      *                      *           -       -          -          own     any   any   -
proposal     *                      *           -       -          -          own     any   any   -
attachment   public                 *           any     any        any        any     any   any   any
attachment   *                      *           -       own        own        own     any   any   -
registration *                      *           -       own        own        own     any   any   -
invitation   *                      *           -       own        own        own     -     -     -
member       *                      *           -       own        own        own     -     -     -
mail         *                      *           -       -          -          -       any   any   -
session      *                      *           -       own        own        own     own   own   own
subscription *                      *           -       own        own        own     own   own   own
introduction *                      *           -       own        own        own     any   any   -
contract     *                      *           -       own        own        own     any   any   -
payment      *                      *           -       own        own        own     any   any   -
deal_file    *                      *           -       own        own        own     any   any   -
expert       *                      *           -       -          -          -       any   any   own
tie          *                      *           -       -          -          -       any   any   own
review       recused,removed        *           -       -          -          -       any   any   -
review       *                      *           -       -          -          -       any   any   own
outcome      draft,withdrawn        *           -       -          -          -       -     -     -
outcome      *                      *           -       own        own        -       any   any   -
objection    *                      *           -       own        own        own     any   any   own
award        *                      *           -       own        own        -       any   any   -
milestone    *                      *           -       own        own        -       any   any   -
award_file   *                      *           -       own        own        -       any   any   -
bid          *                      *           -       own        own        -       -     -     -
opened_bid   sealed                 *           -       own        own        -       -     -     -
opened_bid   *                      *           -       own        own        -       any   any   own
bid_file     sealed                 *           -       own        own        -       -     -     -
bid_file     *                      *           -       own        own        -       any   any   own
question     answered               *           any     any        any        any     any   any   any
question     *                      *           -       own        own        -       any   any   -
own_bid_file *                      *           -       own        own        -       -     -     -
"""  # noqa: E501

# Who may do what.
ACTIONS = """
action                    visitor enterprise university manager staff admin expert
need.create               -       any        -          -       -     -     -
need.edit                 -       own        -          -       -     -     -
need.withdraw             -       own        -          -       -     -     -
need.solve                -       own        -          -       -     -     -
need.verify               -       -          -          -       any   any   -
need.group                -       -          -          -       any   any   -
need.read_full            -       own        own        own     any   any   -
achievement.create        -       -          any        -       -     -     -
achievement.edit          -       -          own        -       -     -     -
achievement.withdraw      -       -          own        -       -     -     -
achievement.transfer      -       -          own        -       -     -     -
achievement.verify        -       -          -          -       any   any   -
achievement.find_buyers   -       -          own        -       any   any   -
attachment.change         -       own        own        -       -     -     -
suggestion.review         -       -          -          -       any   any   -
suggestion.undo           -       -          -          -       own   any   -
suggestion.read_own       -       any        -          -       -     -     -
proposal.create           -       -          -          any     any   any   -
subscription.create       -       any        any        any     any   any   any
subscription.change       -       own        own        own     own   own   own
quality.read              -       -          -          -       any   any   -
history.read              -       own        own        own     any   any   -
node.read                 -       -          -          -       any   any   -
node.govern               -       -          -          -       -     any   -
mandate.read              -       -          -          own     any   any   -
mandate.govern            -       -          -          -       any   any   -
user.read                 -       -          -          -       -     any   -
user.govern               -       -          -          -       -     any   -
dictionary.govern         -       -          -          -       -     any   -
organisation.read_own     -       any        any        any     -     -     -
organisation.lead         -       own        own        own     -     -     -
registration.list         -       -          -          -       any   any   -
registration.decide       -       own        own        own     any   any   -
account.two_step          -       -          -          -       any   any   -
mail.read                 -       -          -          -       any   any   -
mail.read_secret          -       -          -          -       -     any   -
mail.retry                -       -          -          -       -     any   -
introduction.read         -       own        own        own     any   any   -
introduction.request      -       any        any        -       -     -     -
introduction.create       -       -          -          -       any   any   -
introduction.answer       -       own        own        -       -     -     -
introduction.log          -       own        own        own     any   any   -
introduction.move         -       own        own        own     any   any   -
introduction.assign       -       -          -          -       any   any   -
introduction.open_contact -       own        own        -       -     -     -
introduction.read_contact -       own        own        own     any   any   -
contract.read             -       own        own        own     any   any   -
contract.create           -       any        any        -       any   any   -
contract.edit             -       own        own        own     any   any   -
contract.confirm          -       own        own        -       -     -     -
contract.confirm_for      -       -          -          -       any   any   -
contract.sign             -       own        own        -       any   any   -
contract.submit           -       own        own        -       any   any   -
contract.register         -       -          -          -       any   any   -
contract.pay              -       own        own        -       any   any   -
ledger.read               -       -          -          -       any   any   -
ledger.import             -       -          -          -       any   any   -
board.read                -       -          -          -       any   any   -
target.govern             -       -          -          -       -     any   -
audit.read                -       -          -          -       -     any   -
system.govern             -       -          -          -       -     any   -
expert.list               -       -          -          -       any   any   -
expert.govern             -       -          -          -       any   any   -
expert.declare            -       -          -          -       any   any   own
panel.read                -       -          -          -       any   any   -
panel.form                -       -          -          -       any   any   -
review.read               -       -          -          -       any   any   own
review.write              -       -          -          -       -     -     own
review.declare            -       -          -          -       any   any   own
review.govern             -       -          -          -       any   any   -
view.give                 -       own        own        -       any   any   -
result.write              -       -          -          -       any   any   -
outcome.read              -       own        own        -       any   any   -
objection.read            -       own        own        own     any   any   own
objection.answer          -       -          -          -       any   any   -
award.read                -       own        own        -       any   any   -
award.list                -       any        any        -       any   any   -
award.govern              -       -          -          -       any   any   -
award.confirm             -       own        own        -       -     -     -
award.deliver             -       own        own        -       -     -     -
award.view                -       own        own        -       any   any   -
award.contract            -       own        own        -       any   any   -
award.pay                 -       own        own        -       any   any   -
bid.create                -       any        any        -       -     -   -
bid.edit                  -       own        own        -       -     -   -
bid.read                  -       own        own        -       any   any   any
bid.release               -       -          -          -       any   any   -
call.create               -       any        -          -       any   any   -
call.edit                 -       own        -          -       any   any   -
call.withdraw             -       own        -          -       any   any   -
call.argue                -       -          -          -       any   any   -
call.amend                -       -          -          -       any   any   -
call.stop                 -       -          -          -       any   any   -
call.ask                  -       any        any        -       -     -   -
call.answer               -       -          -          -       any   any   -
call.invite               -       -          -          -       any   any   -
"""

# Every address: the action it is for, and the record its number names. An address
# whose methods differ has a line for each: «endpoint/POST».
ROUTES = """
address                            action                    record
home.index                         open                      -
home.health                        open                      -
accounts.sign_in                   open                      -
accounts.sign_out                  open                      -
accounts.profile                   signed-in                 -
accounts.code                      by-secret                 -
accounts.forgot                    open                      -
accounts.forgot_sent               open                      -
accounts.reset_password            by-secret                 -
accounts.details                   signed-in                 -
accounts.sessions                  signed-in                 -
accounts.end_session               signed-in                 session
accounts.end_other_sessions        signed-in                 -
accounts.two_step                  account.two_step          -
accounts.two_step_start            account.two_step          -
accounts.two_step_confirm          account.two_step          -
accounts.two_step_codes            account.two_step          -
accounts.two_step_off              account.two_step          -
accounts.data                      signed-in                 -
accounts.export                    signed-in                 -
accounts.erase                     signed-in                 -
registrations.register             open                      -
registrations.sent                 open                      -
registrations.confirm              by-secret                 -
registrations.confirmed            open                      -
registrations.correct              by-secret                 -
registrations.queue                registration.list         -
registrations.show                 registration.decide       registration
registrations.approve              registration.decide       registration
registrations.give_back            registration.decide       registration
organisations.mine                 organisation.read_own     -
organisations.invite               organisation.lead         -
organisations.withdraw             organisation.lead         invitation
organisations.set_role             organisation.lead         member
organisations.close                organisation.lead         member
organisations.reopen               organisation.lead         member
organisations.accept               by-secret                 -
mail.outbox                        mail.read                 -
mail.show                          mail.read                 mail
mail.retry                         mail.retry                mail
mail.mine                          by-secret                 -
work.index                         signed-in                 -
needs.renew                        need.edit                 need
needs.solved                       need.solve                need
contracts.browse                   ledger.read               -
contracts.mine                     contract.read             -
contracts.export_rows              contract.read             -
contracts.new                      contract.create           -
contracts.show                     contract.read             contract
contracts.edit                     contract.edit             contract
contracts.confirm                  contract.confirm          contract
contracts.confirm_for              contract.confirm_for      contract
contracts.sign                     contract.sign             contract
contracts.submit                   contract.submit           contract
contracts.correct                  contract.register         contract
contracts.recognise                contract.register         contract
contracts.refuse                   contract.register         contract
contracts.amend                    contract.register         contract
contracts.cancel                   contract.register         contract
contracts.void                     contract.edit             contract
contracts.report                   contract.pay              contract
contracts.receive                  contract.pay              contract
contracts.take_back                contract.pay              contract
contracts.payment                  contract.read             payment
contracts.registration             contract.read             contract
contracts.registration_sheet       contract.read             contract
achievements.renew                 achievement.edit          achievement
achievements.transferred           achievement.transfer      achievement
attachments.of_need                attachment.change         need
attachments.of_achievement         attachment.change         achievement
attachments.download               open                      attachment
attachments.of_introduction        introduction.log          introduction
attachments.of_contract            contract.edit             contract
attachments.remove                 attachment.change         attachment
attachments.of_award               award.deliver             award
attachments.of_milestone           award.deliver             milestone
attachments.remove_from_deal       contract.edit             deal_file
attachments.remove_from_award      award.deliver             award_file
attachments.set_public             attachment.change         attachment
subscriptions.index                signed-in                 -
subscriptions.create               subscription.create       -
subscriptions.show                 subscription.change       subscription
subscriptions.change               subscription.change       subscription
subscriptions.stop                 subscription.change       subscription
subscriptions.resume               subscription.change       subscription
subscriptions.delete               subscription.change       subscription
subscriptions.stop_by_link         by-secret                 -
subscriptions.restart_by_link      by-secret                 -
verification.decide_batch          need.verify               -
search.results                     open                      -
needs.browse                       open                      -
needs.mine                         signed-in                 -
need_forms.new                     need.create               -
needs.show                         open                      need
need_forms.edit                    need.edit                 need
needs.withdraw                     need.withdraw             need
achievements.browse                open                      -
achievements.mine                  signed-in                 -
achievement_forms.new              achievement.create        -
achievements.show                  open                      achievement
achievement_forms.edit             achievement.edit          achievement
achievements.withdraw              achievement.withdraw      achievement
achievements.buyers                achievement.find_buyers   achievement
calls.browse                       open                      -
calls.show                         open                      call
bids.mine                          bid.read                  -
bid_forms.edit                     bid.create                call
bid_forms.files                    bid.create                call
bid_forms.remove_file              bid.edit                  own_bid_file
bids.file                          bid.read                  bid_file
bids.show                          bid.read                  opened_bid
bids.receipt                       bid.read                  bid
bids.statement                     bid.read                  bid
bids.withdraw                      bid.edit                  bid
bids.drop_changes                  bid.edit                  bid
receipts.check                     open                      -
releases.show                      bid.release               call
releases.approve                   bid.release               call
releases.retry                     bid.release               call
calls.mine                         call.create               -
calls.feed                         open                      -
calls.deadlines                    open                      -
calls.stop                         call.stop                 call
call_drafts.new                    call.create               -
call_drafts.edit                   call.edit                 call
call_drafts.withdraw               call.withdraw             call
call_drafts.hear                   call.argue                call
call_drafts.give_back              call.argue                call
call_drafts.approve                call.argue                call
call_drafts.open_call              call.argue                call
call_versions.index                open                      call
call_versions.amend                call.amend                call
call_questions.ask                 call.ask                  call
call_questions.answer              call.answer               question
call_invitations.invite            call.invite               call
matches.desk                       suggestion.review         -
matches.pair                       suggestion.review         suggestion
matches.claim                      suggestion.review         suggestion
matches.release                    suggestion.review         suggestion
matches.approve                    suggestion.review         suggestion
matches.reject                     suggestion.review         suggestion
matches.snooze                     suggestion.review         suggestion
matches.undo                       suggestion.review         suggestion
matches.bulk_reject                suggestion.review         -
matches.mine                       suggestion.read_own       -
matches.show_mine                  suggestion.read_own       suggestion
introductions.index                introduction.read         -
introductions.export               introduction.read         -
requests.new                      introduction.create      -
requests.of_pair                  introduction.request     suggestion
requests.by_staff                 introduction.create      suggestion
requests.of_achievement           introduction.request     achievement
requests.of_need                  introduction.request     need
introductions.show                 introduction.read         introduction
introductions.read_need            introduction.read         introduction
introductions.answer               introduction.answer       introduction
introductions.move                 introduction.move         introduction
introductions.assign               introduction.assign       introduction
introductions.change_route         introduction.assign       introduction
introductions.log                  introduction.log          introduction
introductions.open_contact         introduction.open_contact introduction
introductions.revoke_contact       introduction.open_contact introduction
introductions.read_contacts        introduction.read_contact introduction
proposals.mine                     proposal.create           -
proposals.of_need                  proposal.create           need
proposals.of_achievement           proposal.create           achievement
rankers.show                       quality.read              -
groups.proposals                   need.group                -
verification.queue                 need.verify               -
verification.publish_need          need.verify               need
verification.return_need           need.verify               need
verification.publish_achievement   achievement.verify        achievement
verification.return_achievement    achievement.verify        achievement
notices.inbox                      signed-in                 -
notices.read_all                   signed-in                 -
notices.open                       signed-in                 notice
nodes.index                        node.read                 -
nodes.show                         node.read                 node
nodes.new                          node.govern               -
nodes.edit                         node.govern               node
nodes.retire                       node.govern               node
nodes.restore                      node.govern               node
nodes.mandates                     mandate.read              -
nodes.new_mandate                  mandate.govern            -
nodes.end_mandate                  mandate.govern            mandate
users.index                        user.read                 -
users.show                         user.read                 user
users.change_role                  user.govern               user
users.close                        user.govern               user
users.reopen                       user.govern               user
dictionaries.index                 dictionary.govern         -
dictionaries.add                   dictionary.govern         -
dictionaries.edit                  dictionary.govern         entry
dictionaries.move                  dictionary.govern         entry
dictionaries.retire                dictionary.govern         entry
dictionaries.restore               dictionary.govern         entry
dictionaries.holidays              dictionary.govern         -
dictionaries.add_holiday           dictionary.govern         -
dictionaries.remove_holiday        dictionary.govern         holiday
audit.log                          audit.read                -
audit.export                       audit.read                -
ledger.imports                     ledger.import             -
ledger.upload                      ledger.import             -
ledger.template                    ledger.import             -
ledger.show_import                 ledger.import             import
ledger.map_headings                ledger.import             import
ledger.start_import                ledger.import             import
ledger.cancel_import               ledger.import             import
ledger.errors                      ledger.import             import
system.show                        system.govern             -
system.retry                       system.govern             task
system.repair                      system.govern             -
boards.overview                    open                      -
boards.index                       board.read                -
boards.calls_behind                board.read                -
boards.steps                       board.read                -
boards.step_rows                   board.read                -
boards.league                      board.read                -
boards.exposure                    board.read                -
boards.export                      board.read                -
targets.index                      target.govern             -
targets.save                       target.govern             -
targets.copy                       target.govern             -
targets.define                     target.govern             -
experts.index                      expert.list               -
experts.new                        expert.govern             -
experts.show                       expert.govern             expert
experts.edit                       expert.govern             expert
experts.invite_again               expert.govern             expert
experts.mine                       expert.declare            -
experts.declare                    expert.declare            expert
experts.end_tie                    expert.declare            tie
experts.join                       by-secret                 -
panels.index                       panel.read                -
panels.show                        panel.read                call
panels.add                         panel.form                call
panels.assign                      panel.form                call
panels.dismiss                     panel.form                call
panels.minutes                     panel.read                call
panels.take_away                   review.govern             review
panels.hand_back                   review.govern             review
panels.propose                     result.write              call
panels.announce                    result.write              call
panels.close                       result.write              call
reviews.mine                       review.write              -
reviews.show                       review.read               review
reviews.write                      review.write              review
reviews.recuse                     review.declare            review
views.show                         view.give                 call
views.give                         view.give                 call
awards.index                       award.list                -
awards.of_call                     award.read                call
awards.show                        award.read                award
awards.edit                        award.govern              award
awards.confirm                     award.confirm             award
awards.confirm_for                 award.govern              award
awards.eliminate                   award.govern              award
awards.stop                        award.govern              award
awards.apply                       award.deliver             award
awards.test                        award.view                award
awards.conclude                    award.govern              award
milestones.show                    award.read                milestone
milestones.deliver                 award.deliver             milestone
milestones.view                    award.view                milestone
milestones.judge                   award.govern              milestone
milestones.pay                     award.pay                 milestone
milestones.take_back               award.pay                 milestone
results.show                       open                      call
results.object                     open                      call
results.outcome                    outcome.read              outcome
results.objection                  objection.read            objection
results.answer                     objection.answer          objection
"""


@dataclass(frozen=True)
class Sight:
    """One line of the first table: the scope of each role."""

    record: str
    states: frozenset[str]
    secrecy: str
    scopes: Mapping[str, Scope]

    def is_of(self, record: str, state: str, secrecy: str) -> bool:
        return (
            self.record == record
            and ("*" in self.states or state in self.states)
            and self.secrecy in ("*", secrecy)
        )


@dataclass(frozen=True)
class Route:
    """One line of the third table; ``record`` is empty where no number is."""

    action: str
    record: str


def _lines(table: str) -> list[list[str]]:
    head, *lines = (line.split() for line in table.strip().splitlines())
    for line in lines:
        if len(line) != len(head):
            raise ValueError(f"not {len(head)} cells: {' '.join(line)}")
    return lines


def _scopes(cells: list[str]) -> dict[str, Scope]:
    return {role: SCOPES[cell] for role, cell in zip(ROLES, cells, strict=True)}


def _once(pairs: list[tuple[str, Route]]) -> dict[str, Route]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an address stands in the table twice")
    return found


sights: tuple[Sight, ...] = tuple(
    Sight(record, frozenset(states.split(",")), secrecy, _scopes(cells))
    for record, states, secrecy, *cells in _lines(SIGHT)
)
actions: dict[str, dict[str, Scope]] = {
    action: _scopes(cells) for action, *cells in _lines(ACTIONS)
}
routes: dict[str, Route] = _once(
    [
        (address, Route(action, "" if record == "-" else record))
        for address, action, record in _lines(ROUTES)
    ]
)


def sight(record: str, state: str, secrecy: str = "*") -> Mapping[str, Scope]:
    """Who may know of a record in this state: the first line that speaks of it."""
    return next(line.scopes for line in sights if line.is_of(record, state, secrecy))


def route(endpoint: str, method: str) -> Route:
    """What the address is for; raises `KeyError` if it is not in the table."""
    return routes.get(f"{endpoint}/{method}") or routes[endpoint]
