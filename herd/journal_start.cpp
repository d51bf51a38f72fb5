#include "herd/journal_start.hpp"

#include "herd/journal_load.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>

namespace herd {

namespace sys = reactor::sys;

namespace {

using Failure = std::unexpected<std::string>;
using Kind = JournalContent::Kind;

Failure refuse(const JournalPlace& place, std::string_view why) {
    return Failure("journal " + place.file + ": " + std::string(why));
}

void log_content(Core& core, const JournalPlace& place, const JournalContent& content) {
    core.log.event(Level::info, "journal_loaded")
        .field("file", place.file)
        .field("records", content.records)
        .field("bytes", content.good);
    if (content.good < content.size) {
        core.log.event(Level::warning, "journal_torn")
            .field("at", content.good)
            .field("dropped", content.size - content.good);
    }
    if (content.refused > 0) {
        core.log.event(Level::warning, "journal_refused").field("records", content.refused);
    }
}

// Reads an open file; a failure when the server must not start.
Outcome<JournalContent> read(Core& core, const JournalPlace& place, int fd) {
    const auto content = load_journal(fd, core);
    if (!content) return refuse(place, describe(content.error()));
    if (content->kind == Kind::others) {
        return refuse(place,
                      "it is another server's, or of a version that this program does not know");
    }
    log_content(core, place, *content);
    return *content;
}

Outcome<JournalStart> start_without(Core& core, const JournalPlace& place, reactor::Errno error) {
    JournalStart start{.error = error, .put_aside = true};
    const auto fd = sys::open_to_read(place.file.c_str());
    if (!fd) {
        const int reason = fd.error().value;
        if (reason == ENOENT || reason == ENOTDIR) return start;
        return refuse(place, describe(fd.error()));
    }
    const auto content = read(core, place, *fd);
    sys::close(*fd);
    if (!content) return std::unexpected(content.error());
    start.put_aside = (*content).kind == Kind::unreadable;
    return start;
}

reactor::Result<void> put_aside(Core& core, const JournalPlace& place) {
    std::array<char, journal_path_size_max> room{};
    const auto path = name_aside(place, room);
    if (!path) return std::unexpected(path.error());
    auto moved = sys::rename(place.file.c_str(), room.data());
    if (moved) log_put_aside(core, *path);
    return moved;
}

Outcome<JournalStart> start_with(Core& core, const JournalPlace& place, int fd) {
    // Ours alone from here on: what a killed run has left behind is nobody else's.
    static_cast<void>(sys::remove(place.next.c_str()));
    const auto content = read(core, place, fd);
    if (!content) {
        sys::close(fd);
        return std::unexpected(content.error());
    }
    const JournalContent& found = *content;
    if (found.kind == Kind::unreadable) {
        sys::close(fd);
        const auto moved = put_aside(core, place);
        return moved ? start_journal(core, place) : refuse(place, describe(moved.error()));
    }
    reactor::Result<void> cut;
    if (found.good < found.size) cut = sys::truncate(fd, found.good);
    if (cut) return JournalStart{.fd = fd, .size = found.good};
    sys::close(fd);
    return JournalStart{.error = cut.error()};
}

}  // namespace

Outcome<JournalStart> start_journal(Core& core, const JournalPlace& place) {
    // Whether there is a folder shows when the file is opened.
    static_cast<void>(sys::make_folder(place.folder.c_str()));
    const auto fd = sys::open_to_keep(place.file.c_str());
    if (fd) return start_with(core, place, *fd);
    if (fd.error().value == EAGAIN) return refuse(place, "another process keeps it");
    return start_without(core, place, fd.error());
}

// Also while the server runs, when it takes no memory any more.
reactor::Result<std::string_view> name_aside(const JournalPlace& place, std::span<char> out) {
    constexpr std::string_view mark = ".bad-";
    constexpr std::size_t digits_max = 20;
    if (place.file.size() + mark.size() + digits_max >= out.size()) {
        return reactor::failure(ENAMETOOLONG);
    }
    char* const start = out.data();
    char* end = std::ranges::copy(place.file, start).out;
    end = std::ranges::copy(mark, end).out;
    end = std::to_chars(end, end + digits_max, sys::wall_ns() / 1'000'000'000).ptr;
    *end = '\0';
    return std::string_view(start, static_cast<std::size_t>(end - start));
}

void log_put_aside(Core& core, std::string_view path) {
    core.log.event(Level::error, "journal_put_aside").field("file", path);
}

}  // namespace herd
