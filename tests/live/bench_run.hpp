#pragma once

#include "tests/live/process.hpp"

#include <catch2/catch.hpp>
#include <rapidjson/document.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace live {

inline std::string bench_binary() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment.
    const char* const path = std::getenv("HERD_BENCH");
    return path != nullptr ? path : "build/bench/herd-bench";
}

// What herd-bench measured.
class BenchResult {
public:
    explicit BenchResult(const std::string& json) { document_.Parse(json.c_str()); }

    double figure(const char* name) const { return document_["figures"][name].GetDouble(); }
    double latency_ms(const char* of, const char* what) const {
        return document_["latency"][of][what].GetDouble() / 1e6;
    }
    double count(const char* of) const { return document_["latency"][of]["count"].GetDouble(); }

private:
    rapidjson::Document document_;
};

// herd-bench with these arguments, against this target.
inline Ran run_bench(const TemporaryFolder& folder,
                     const std::string& target,
                     const std::vector<std::string>& arguments) {
    write_file(folder / "target.json", target);
    std::vector<std::string> command = {bench_binary()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    for (const std::string& each : {std::string("--target"),
                                    std::string(folder / "target.json"),
                                    std::string("--json"),
                                    std::string(folder / "result.json")}) {
        command.push_back(each);
    }
    return run(command);
}

inline BenchResult measure(const std::string& target, const std::vector<std::string>& arguments) {
    const TemporaryFolder folder;
    const Ran ran = run_bench(folder, target, arguments);
    INFO(ran.err);
    REQUIRE(ran.code == 0);
    return BenchResult(read_file(folder / "result.json"));
}

}  // namespace live
