#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

// What this machine, or the container that stands in for one, says of itself and of processes.
namespace herd::program {

// How much memory the control groups of this process allow it, in bytes; nothing: as much as there
// is. Below `root` are the folders proc and sys.
std::optional<std::uint64_t> memory_allowed(const std::filesystem::path& root = "/");

// How much memory there is, with what may be put aside on a disk, in bytes; nothing: it is not
// known.
std::optional<std::uint64_t> memory_there(const std::filesystem::path& root = "/");

// Who looks after a process on this machine that serves as this server of a herd.
struct Keeper {
    enum class Kind {
        none,       // it was started by hand
        elsewhere,  // there is no such process here
        systemd,
        up,  // `herd up`
    };
    Kind kind = Kind::none;
    std::string unit = {};  // of systemd
    // How it was started, and will be again: its command line, and its current folder, which is
    // empty where others may not know it.
    std::vector<std::string> words = {};
    std::filesystem::path folder = {};
};
Keeper keeper_of(int pid, const std::string& server, const std::filesystem::path& root = "/");

}  // namespace herd::program
