#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// How the answers of all servers to STATUS (see status.hpp) are shown.
namespace herd::program {

struct StatusAnswer {
    std::string server;   // as the configuration has it
    std::string json;     // an object with the name of a server, in ASCII; empty: there is none
    std::string trouble;  // why
    std::size_t links;    // as the configuration has it, to all its neighbours
    bool other = false;   // It is another server that answers there: that is the trouble.
};

// What the server at an address, which may be another, has sent, which may be anything, and why it
// sent no more.
StatusAnswer read_status(const std::string& server,
                         const std::string& line,
                         std::string_view trouble,
                         std::size_t links = 0,
                         const std::string& address = {});

bool all_answered(const std::vector<StatusAnswer>& answers);

// A line per server, its counters that are worth a look, a line per link, and what it comes to.
std::string status_tables(const std::vector<StatusAnswer>& answers);

// One line of JSON: {"servers":[...],"tables":{...}}: each server as it said, or with its name and
// an "error"; and of how many servers, the tables of how many are known, and how many of those
// differ: 1 if all are the same.
std::string status_json(const std::vector<StatusAnswer>& answers);

}  // namespace herd::program
