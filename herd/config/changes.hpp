#pragma once

#include "herd/config/config.hpp"
#include "herd/config/setting.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

// Two configurations of a server beside each other: what it would have to change that runs with
// one, to run with the other.
namespace herd::config {

// What a configuration says to one of its servers, by the name of each setting: "limits.clients",
// "servers[Alpha].clients", "links[Alpha, Beta]". A value is as in `herd check`. What is not said
// of a server is not there, and what does not concern this one is a hash.
using Statement = std::map<std::string, std::string>;
Statement state(const Config& config, const Server& self);
// Of that, what is not as in a configuration that says nothing; and back.
Statement brief(Statement whole);
Statement whole(Statement brief);

struct Change {
    std::string setting;
    std::string from;  // empty: it was not there
    std::string to;    // empty: it is not there any more
    Taken taken = Taken::at_start;
};
// In the order of the settings' names; those first that need a restart.
std::vector<Change> changes(const Statement& from, const Statement& to);

// Gives `running` all that is taken live of `wanted`.
void take_live(const Config& wanted, Config& running);

// "limits.idle_ms: 900000 -> 600000"
std::string text_of(const Change& change);

}  // namespace herd::config
