#include "herd/program/room.hpp"

#include "herd/config/text.hpp"
#include "herd/needs.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include <sys/stat.h>

namespace herd::program {

namespace {

namespace fs = std::filesystem;

// Of the disk, which is less than its size where it has holes.
std::uint64_t taken_by(const fs::path& file) {
    constexpr std::uint64_t block_size = 512;
    struct stat facts {};
    if (::stat(file.c_str(), &facts) < 0) return 0;
    return static_cast<std::uint64_t>(facts.st_blocks) * block_size;
}

// Of the servers, those of this machine have a file there.
std::uint64_t taken_by_journal(const config::Config& config) {
    std::uint64_t most = 0;
    for (const config::Server& server : config.servers) {
        const fs::path file = fs::path(config.journal.folder) / (server.name + ".journal");
        most = std::max(most, taken_by(file));
    }
    return most;
}

}  // namespace

std::string want_of_room(const config::Config& config) {
    if (config.journal.folder.empty()) return {};
    std::error_code error;
    fs::path folder = config.journal.folder;
    if (!fs::exists(folder, error)) folder = fs::absolute(folder, error).parent_path();
    const fs::space_info space = fs::space(folder, error);
    if (error) return {};
    const std::uint64_t needed = journal_room(config);
    const std::uint64_t there = space.available + taken_by_journal(config);
    if (needed <= there) return {};
    return "the journal of a server with all of its clients may take " +
           std::to_string((needed >> 20) + 1) + " MiB, and there are " +
           std::to_string(there >> 20) + " MiB for it in " + config.journal.folder +
           ": once these are used up, positions are in memory only; make room, or lower "
           "limits.clients";
}

}  // namespace herd::program
