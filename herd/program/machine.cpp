#include "herd/program/machine.hpp"

#include "herd/config/text.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

namespace herd::program {

namespace {

namespace fs = std::filesystem;

std::string read_all(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

std::string_view first_line(std::string_view text) {
    return text.substr(0, text.find('\n'));
}

// Of a file that holds a number, or "max", or is not there.
std::optional<std::uint64_t> number_in(const fs::path& path) {
    const std::string text = read_all(path);
    return config::parse_number(first_line(text));
}

// "MemTotal:       24683764 kB", a line of many.
std::optional<std::uint64_t> kibibytes_in(const std::string& facts, std::string_view name) {
    std::istringstream lines(facts);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(name)) continue;
        std::uint64_t value = 0;
        std::string unit;
        std::istringstream rest(line.substr(name.size()));
        if (rest >> value >> unit && unit == "kB") return value;
    }
    return std::nullopt;
}

// Where the process is in the one hierarchy of cgroup2, or in that of a controller before that.
std::optional<std::string> group_in(const std::string& groups, std::string_view controller) {
    for (std::string_view rest = groups; !rest.empty();) {
        const std::string_view line = first_line(rest);
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first + 1);
        if (first == std::string_view::npos || second == std::string_view::npos) continue;
        if (line.substr(first + 1, second - first - 1) == controller) {
            return std::string(line.substr(second + 1));
        }
    }
    return std::nullopt;
}

// The least of a group and those around it. In a container what is around it is out of sight, and
// the path may lead to nowhere.
std::optional<std::uint64_t> least(const fs::path& hierarchy,
                                   const std::string& group,
                                   const char* file) {
    std::optional<std::uint64_t> found;
    fs::path at = fs::path(group).relative_path();
    while (true) {
        const auto here = number_in(hierarchy / at / file);
        if (here && (!found || *here < *found)) found = here;
        if (at.empty()) return found;
        at = at.parent_path();
    }
}

std::vector<std::string> words_of(const std::string& line) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at < line.size();) {
        const std::size_t end = std::min(line.find('\0', at), line.size());
        words.push_back(line.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

// "22 (herd) S 17 ...": the name may have anything in it.
std::string parent_in(const std::string& stat) {
    const std::size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos || name_end + 4 >= stat.size()) return "";
    const std::size_t at = name_end + 4;
    return stat.substr(at, stat.find(' ', at) - at);
}

std::string unit_in(const std::string& group) {
    for (const fs::path& part : fs::path(group)) {
        std::string name = part.string();
        if (name.starts_with("herd@") && name.ends_with(".service")) return name;
    }
    return "";
}

bool is_command(const std::vector<std::string>& words, std::string_view command) {
    return words.size() > 1 && words[1] == command;
}

}  // namespace

std::optional<std::uint64_t> memory_allowed(const fs::path& root) {
    const std::string groups = read_all(root / "proc/self/cgroup");
    const fs::path hierarchy = root / "sys/fs/cgroup";
    if (const auto group = group_in(groups, "")) {
        if (const auto found = least(hierarchy, *group, "memory.max")) return found;
    }
    constexpr std::uint64_t unbounded = std::uint64_t{1} << 60;  // the older way to say "max"
    const auto group = group_in(groups, "memory");
    if (!group) return std::nullopt;
    const auto found = least(hierarchy / "memory", *group, "memory.limit_in_bytes");
    return found && *found < unbounded ? found : std::nullopt;
}

std::optional<std::uint64_t> memory_there(const fs::path& root) {
    const std::string facts = read_all(root / "proc/meminfo");
    const auto memory = kibibytes_in(facts, "MemTotal:");
    if (!memory) return std::nullopt;
    return (*memory + kibibytes_in(facts, "SwapTotal:").value_or(0)) << 10;
}

Keeper keeper_of(int pid, const std::string& server, const fs::path& root) {
    const fs::path process = root / "proc" / std::to_string(pid);
    auto words = words_of(read_all(process / "cmdline"));
    if (!is_command(words, "serve") || std::ranges::find(words, server) == words.end()) {
        return {Keeper::Kind::elsewhere};
    }
    std::error_code hidden;
    Keeper keeper{.words = std::move(words), .folder = fs::read_symlink(process / "cwd", hidden)};
    if (const auto group = group_in(read_all(process / "cgroup"), "")) {
        keeper.unit = unit_in(*group);
    }
    const std::string parent = parent_in(read_all(process / "stat"));
    if (!keeper.unit.empty()) {
        keeper.kind = Keeper::Kind::systemd;
    } else if (is_command(words_of(read_all(root / "proc" / parent / "cmdline")), "up")) {
        keeper.kind = Keeper::Kind::up;
    }
    return keeper;
}

}  // namespace herd::program
