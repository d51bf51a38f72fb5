// Linked instead of herd/bridge/rules.cpp, to show that the simulation finds wrong rules out.
#include "herd/bridge/rules.hpp"
#include "tests/sim/wrong_rules.hpp"

namespace herd::bridge::rules {

using table::rules::wrong;
using table::rules::Wrong;

bool published(const Change& change) {
    if (wrong == Wrong::publish_back && change.from_bucket) return true;
    if (wrong == Wrong::bucket_has_its_own && change.from_bucket) return false;
    return !change.shown && !change.said;
}

bool asked(const Saying& saying) {
    if (wrong == Wrong::last_is_not_asked && saying.last && saying.known) return false;
    return saying.last || !saying.known || saying.number % ask_each == 0;
}

bool written_over(bool equal) {
    return !equal && wrong != Wrong::no_repair;
}

bool stored(const Evidence& evidence) {
    return evidence.shown || (wrong == Wrong::acknowledged_is_stored && evidence.acknowledged);
}

bool goes_on(const Place& read, const Place& end) {
    const bool same_run = read.broker == end.broker || wrong == Wrong::resume_across_runs;
    return read.seq > 0 && same_run && read.created == end.created && end.seq >= read.seq;
}

}  // namespace herd::bridge::rules
