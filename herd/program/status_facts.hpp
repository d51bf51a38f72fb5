#pragma once

#include "herd/config/changes.hpp"
#include "herd/program/status_table.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace herd::program {

// What a program goes by of what a server has said of itself.
struct StatusFacts {
    std::string epoch;  // of its run
    bool ready = false;
    bool journal_failed = false;  // It keeps positions in memory only.
    int pid = 0;                  // on its own machine; 0: it did not say
    // What it runs with, of what is not as usual; nothing: it did not say, being older, or a long
    // way off.
    std::optional<config::Statement> settings;
};
// Nothing: there is no answer, or one for strangers.
std::optional<StatusFacts> facts_of(const StatusAnswer& answer);

// Of its table. Empty: none is known.
std::string digest_of(const StatusAnswer& answer);

}  // namespace herd::program
