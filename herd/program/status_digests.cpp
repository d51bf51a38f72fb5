#include "herd/program/status_digests.hpp"

#include "herd/program/status_facts.hpp"

#include <utility>

namespace herd::program {

StatusDigests::StatusDigests(const std::vector<StatusAnswer>& answers) : servers_(answers.size()) {
    for (const StatusAnswer& answer : answers) {
        std::string digest = digest_of(answer);
        if (digest.empty()) continue;
        ++known_;
        different_.insert(std::move(digest));
    }
}

std::string StatusDigests::text() const {
    const bool all = known_ == servers_;
    const std::string share = std::to_string(known_) + " of " + std::to_string(servers_);
    if (known_ == 0) return "no table known";
    if (known_ == 1 && !all) return share + " tables known";
    if (different() == 1) return all ? "tables equal" : "tables of " + share + " equal";
    return std::to_string(different()) + " different tables" + (all ? "" : " in " + share);
}

}  // namespace herd::program
