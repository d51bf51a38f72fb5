#include "herd/bridge/rules.hpp"

namespace herd::bridge::rules {

bool published(const Change& change) {
    return !change.shown && !change.said;
}

bool asked(const Saying& saying) {
    return saying.last || !saying.known || saying.number % ask_each == 0;
}

bool written_over(bool equal) {
    return !equal;
}

bool stored(const Evidence& evidence) {
    return evidence.shown;
}

bool goes_on(const Place& read, const Place& end) {
    return read.seq > 0 && read.broker == end.broker && read.created == end.created &&
           end.seq >= read.seq;
}

}  // namespace herd::bridge::rules
