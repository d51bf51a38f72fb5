// Runs seeded simulations of whole herds:
//   herd-sim [--seeds FROM..TO] [--seconds N] [--trace SEED] [--rule NAME]
// Without a rule the right ones must hold in every run. With a wrong one (the build with
// wrong_rules.cpp) a run must fail within the seeds given. Prints a line of what it found.
#include "tests/sim/world.hpp"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#ifdef SIM_WRONG_RULES
#include "tests/sim/wrong_rules.hpp"
#endif

namespace {

struct Options {
    std::uint64_t first = 1;
    std::uint64_t last = 1000;
    std::int64_t seconds = 1'000'000;
    bool trace = false;
    std::string rule;
};

std::uint64_t number(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

bool read_option(Options& options, std::string_view name, std::string_view value) {
    if (name == "--seeds") {
        options.first = number(value);
        options.last = number(value.substr(value.find("..") + 2));
    } else if (name == "--seconds") {
        options.seconds = static_cast<std::int64_t>(number(value));
    } else if (name == "--trace") {
        options.first = options.last = number(value);
        options.trace = true;
    } else if (name == "--rule") {
        options.rule = value;
    } else {
        return false;
    }
    return true;
}

bool set_rule([[maybe_unused]] std::string_view name) {
#ifdef SIM_WRONG_RULES
    using herd::rules::Wrong;
    constexpr std::pair<std::string_view, Wrong> rules[] = {
        {"first-of-equals-wins", Wrong::first_of_equals_wins},
        {"source-outlives-restart", Wrong::source_outlives_restart},
        {"resume-from-written", Wrong::resume_from_written},
        {"resume-without-epoch", Wrong::resume_without_epoch},
        {"overwrite-if-different", Wrong::overwrite_if_different},
    };
    for (const auto& [rule_name, rule] : rules) {
        if (rule_name != name) continue;
        herd::rules::wrong = rule;
        return true;
    }
#endif
    return false;
}

}  // namespace

int main(int count, char** arguments) {
    Options options;
    for (int i = 1; i + 1 < count; i += 2) {
        if (!read_option(options, arguments[i], arguments[i + 1])) {
            std::fprintf(stderr, "unknown option %s\n", arguments[i]);
            return 2;
        }
    }
    const bool wrong = !options.rule.empty();
    if (wrong && !set_rule(options.rule)) {
        std::fprintf(stderr, "no such rule in this build: %s\n", options.rule.c_str());
        return 2;
    }
    using Clock = std::chrono::steady_clock;
    const auto stop = Clock::now() + std::chrono::seconds(options.seconds);
    std::uint64_t runs = 0;
    for (std::uint64_t seed = options.first; seed <= options.last && Clock::now() < stop; ++seed) {
        sim::World world(seed, {});
        world.trace = options.trace;
        const std::string failure = world.run();
        ++runs;
        if (failure.empty()) continue;
        std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), failure.c_str());
        if (wrong) {
            std::printf("wrong rule %s caught by seed %llu\n",
                        options.rule.c_str(),
                        static_cast<unsigned long long>(seed));
            return 0;
        }
        std::printf(
            "replay: %s --trace %llu\n", arguments[0], static_cast<unsigned long long>(seed));
        return 1;
    }
    std::printf("%llu seeds, none failed\n", static_cast<unsigned long long>(runs));
    return wrong ? 1 : 0;
}
