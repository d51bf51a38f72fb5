#include "herd/program/next_start.hpp"

#include "herd/config/file.hpp"
#include "herd/config/text.hpp"
#include "herd/program/findings.hpp"

#include <cstddef>
#include <filesystem>
#include <system_error>

namespace herd::program {

namespace {

namespace fs = std::filesystem;

// Paths of a configuration are relative to the current folder of the server that has it.
class Visit {
public:
    explicit Visit(const fs::path& folder) : home_(fs::current_path(error_)) {
        if (!error_) fs::current_path(folder, error_);
    }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    ~Visit() {
        std::error_code gone;
        fs::current_path(home_, gone);
    }

    bool is_there() const { return !error_; }

private:
    std::error_code error_;
    fs::path home_;
};

// What a command line has for an option; empty: it has not.
std::string value_of(const std::vector<std::string>& words, const std::string& option) {
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == option && i + 1 < words.size()) return words[i + 1];
        if (words[i].starts_with(option + "=")) return words[i].substr(option.size() + 1);
    }
    return "";
}

}  // namespace

std::vector<std::string> faults_of_next_start(const std::string& server, const Keeper& keeper) {
    if (keeper.folder.empty()) return {};
    const Visit visit(keeper.folder);
    if (!visit.is_there()) return {};
    const std::string file = value_of(keeper.words, "--config");
    auto config = file.empty() ? config::Config::built_in() : config::read(file.c_str());
    if (!config) return {config.error()};
    if ((*config).find(server) == nullptr) {
        return {"no server " + config::quoted(server) + " is in " + file};
    }
    (*config).log.told = value_of(keeper.words, "--log-dir");
    std::vector<std::string> faults;
    for (const keys::Finding& finding : findings(*config, (*config).keys)) {
        if (finding.severity == keys::Severity::error) faults.push_back(finding.text);
    }
    return faults;
}

}  // namespace herd::program
