#include "herd/program/live_check.hpp"

#include "herd/config/changes.hpp"
#include "herd/config/text.hpp"
#include "herd/program/ask_status.hpp"
#include "herd/program/status_facts.hpp"

#include <cstddef>
#include <cstdio>
#include <vector>

namespace herd::program {

namespace {

// What a server has said may end up on a terminal.
std::string printable(std::string text) {
    for (char& byte : text) byte = byte >= ' ' && byte <= '~' ? byte : '?';
    return text;
}

struct Verdict {
    std::string text;
    bool taken = false;
};

Verdict judge(const config::Config& config,
              const config::Server& server,
              const StatusAnswer& answer) {
    const std::string name = server.name + ": ";
    const auto facts = facts_of(answer);
    if (!facts || !facts->settings) {
        const std::string why = answer.json.empty() ? answer.trouble : "it does not say";
        return {name + "what it runs with is not known: " + why + "\n"};
    }
    const auto changes =
        config::changes(config::whole(*facts->settings), config::state(config, server));
    Verdict verdict{.text = {}, .taken = true};
    for (const config::Change& each : changes) {
        const bool live = each.taken == config::Taken::live;
        verdict.taken = verdict.taken && live;
        verdict.text += name + printable(config::text_of(each)) +
                        (live ? ", at a reload\n" : ", needs a restart\n");
    }
    if (changes.empty()) verdict.text = name + "runs with this configuration\n";
    return verdict;
}

}  // namespace

int live_check(const config::Config& config, const std::string& name) {
    std::vector<const config::Server*> servers = askable(config);
    if (!name.empty()) {
        const config::Server* const one = config.find(name);
        if (one == nullptr || one->legacy) {
            std::fprintf(stderr,
                         "herd: no server %s that can be asked is in the configuration\n",
                         config::quoted(name).c_str());
            return 2;
        }
        servers = {one};
    }
    tls::Dialler dialler;
    if (const auto opened = open_dialler(dialler, config); !opened) {
        std::fprintf(stderr, "herd: %s\n", opened.error().c_str());
        return 2;
    }
    const std::vector<StatusAnswer> answers = ask_status(config, dialler, servers);
    bool taken = true;
    for (std::size_t i = 0; i < servers.size(); ++i) {
        const Verdict verdict = judge(config, *servers[i], answers[i]);
        std::fputs(verdict.text.c_str(), stdout);
        taken = taken && verdict.taken;
    }
    return taken ? 0 : 1;
}

}  // namespace herd::program
