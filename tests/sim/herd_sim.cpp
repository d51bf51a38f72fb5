// Runs seeded simulations of whole herds:
//   herd-sim [--seeds N | FROM..TO] [--seconds N] [--jobs N] [--trace | --wire] [--rule NAME]
//            [--table] [--liar | --bridge]
// Without a rule the right ones must hold in every run. With a wrong one (the build with
// wrong_rules.cpp) a run must fail within the seeds given; --table tries each of them, and prints
// the first seed that each one fails with. With --liar one neighbour lies in every run, and not in
// a quarter of them. With --bridge there are several herds in each run, and a bucket that joins
// them. Progress goes to standard error.
#include "tests/sim/bridge_world.hpp"
#include "tests/sim/long_run.hpp"
#include "tests/sim/world.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#ifdef SIM_WRONG_RULES
#include "tests/sim/wrong_rules.hpp"
#endif

namespace {

using Long = unsigned long long;

struct Options {
    sim::Seeds seeds{1, 1000};
    std::int64_t seconds = 1'000'000;
    unsigned jobs = 1;
    sim::World::Trace trace = sim::World::Trace::off;
    bool table = false;
    bool liar = false;
    bool bridge = false;
    std::string rule;

    // As they are given.
    std::string worlds() const {
        return std::string(liar ? " --liar" : "") + (bridge ? " --bridge" : "");
    }
};

std::uint64_t number(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

bool read_flag(Options& options, std::string_view name) {
    if (name == "--trace") {
        options.trace = sim::World::Trace::events;
    } else if (name == "--wire") {
        options.trace = sim::World::Trace::wire;
    } else if (name == "--table") {
        options.table = true;
    } else if (name == "--liar") {
        options.liar = true;
    } else if (name == "--bridge") {
        options.bridge = true;
    } else {
        return false;
    }
    return true;
}

bool read_option(Options& options, std::string_view name, std::string_view value) {
    if (name == "--seeds") {
        const std::size_t dots = value.find("..");
        options.seeds.first = number(value);
        options.seeds.last = dots == value.npos ? number(value) : number(value.substr(dots + 2));
    } else if (name == "--seconds") {
        options.seconds = static_cast<std::int64_t>(number(value));
    } else if (name == "--jobs") {
        options.jobs = static_cast<unsigned>(std::clamp<std::uint64_t>(number(value), 1, 64));
    } else if (name == "--rule") {
        options.rule = value;
    } else {
        return false;
    }
    return true;
}

bool read_options(Options& options, int count, char** arguments) {
    for (int i = 1; i < count; ++i) {
        if (read_flag(options, arguments[i])) continue;
        if (i + 1 < count && read_option(options, arguments[i], arguments[i + 1])) {
            ++i;
            continue;
        }
        std::fprintf(stderr, "unknown option %s\n", arguments[i]);
        return false;
    }
    return true;
}

std::string play(const Options& options,
                 std::uint64_t seed,
                 sim::World::Trace trace = sim::World::Trace::off) {
    if (options.bridge) {
        sim::BridgeWorld world(seed);
#ifdef SIM_WRONG_RULES
        using herd::table::rules::Wrong;
        if (herd::table::rules::wrong == Wrong::message_ids) world.give_ids();
#endif
        if (trace != sim::World::Trace::off) world.trace(trace == sim::World::Trace::wire);
        return world.run();
    }
    sim::World world(seed, options.liar);
    world.trace(trace);
    return world.run();
}

// Says how to see the failure of a seed again, and what it is: that may be an assertion of ours.
void tell(const Options& options, std::string_view program, std::uint64_t seed) {
    const std::string rule = options.rule.empty() ? "" : " --rule " + options.rule;
    std::printf("replay: %.*s%s%s --seeds %llu --trace\n",
                static_cast<int>(program.size()),
                program.data(),
                rule.c_str(),
                options.worlds().c_str(),
                static_cast<Long>(seed));
    std::fflush(stdout);
    std::printf("seed %llu: %s\n", static_cast<Long>(seed), play(options, seed).c_str());
}

// With the rules in force.
int run(const Options& options, std::string_view program) {
    const bool single = options.seeds.first == options.seeds.last;
    if (single && options.trace != sim::World::Trace::off) {
        const std::string failure = play(options, options.seeds.first, options.trace);
        std::printf("%s\n", failure.empty() ? "nothing failed" : failure.c_str());
        return failure.empty() ? 0 : 1;
    }
    const sim::Outcome outcome =
        sim::run_seeds(options.seeds,
                       {.jobs = options.jobs,
                        .seconds = options.seconds,
                        .command = std::string(program) + options.worlds()},
                       [&](std::uint64_t seed) { return play(options, seed).empty(); });
    if (outcome.failed != 0) {
        tell(options, program, outcome.failed);
    } else {
        std::printf("%llu seeds, none failed\n", static_cast<Long>(outcome.runs));
    }
    return outcome.failed != 0 ? 1 : 0;
}

// Some are of runs with a bucket.
bool set_rule([[maybe_unused]] Options& options, [[maybe_unused]] std::string_view name) {
#ifdef SIM_WRONG_RULES
    for (const auto& each : herd::table::rules::wrong_rules) {
        if (each.name != name) continue;
        herd::table::rules::wrong = each.rule;
        options.bridge = each.of_bucket;
        return true;
    }
#endif
    return false;
}

// Of each wrong rule the first seed that fails, as Markdown.
int print_table([[maybe_unused]] Options& options) {
    bool all_found = true;
#ifdef SIM_WRONG_RULES
    std::printf("| Wrong rule | First bad seed | Found by |\n|---|---|---|\n");
    for (const auto& each : herd::table::rules::wrong_rules) {
        set_rule(options, each.name);
        std::string failure;
        std::uint64_t seed = options.seeds.first;
        for (; seed <= options.seeds.last; ++seed) {
            failure = play(options, seed);
            if (!failure.empty()) break;
        }
        all_found = all_found && !failure.empty();
        std::printf("| `%s` | %s | %s |\n",
                    std::string(each.name).c_str(),
                    failure.empty() ? "none" : std::to_string(seed).c_str(),
                    failure.substr(0, failure.find(':')).c_str());
        std::fflush(stdout);
    }
#endif
    return all_found ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
    Options options;
    if (!read_options(options, count, arguments)) return 2;
    if (options.table) return print_table(options);
    const bool wrong = !options.rule.empty();
    if (wrong && !set_rule(options, options.rule)) {
        std::fprintf(stderr, "no such rule in this build: %s\n", options.rule.c_str());
        return 2;
    }
    const int failed = run(options, arguments[0]);
    // A wrong rule must be found out.
    return wrong ? 1 - failed : failed;
}
