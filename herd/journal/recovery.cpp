#include "herd/journal/recovery.hpp"

#include "herd/journal/load.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>

namespace herd::journal {

namespace sys = reactor::sys;

namespace {

using Failure = std::unexpected<std::string>;
using Kind = Content::Kind;

Failure refuse(const Paths& place, std::string_view why) {
    return Failure("journal " + place.file + ": " + std::string(why));
}

void log_content(Core& core, const Paths& place, const Content& content) {
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
Outcome<Content> read(Core& core, const Paths& place, int fd) {
    const auto content = load(fd, core);
    if (!content) return refuse(place, describe(content.error()));
    if (content->kind == Kind::others) {
        return refuse(place,
                      "it is another server's, or of a version that this program does not know");
    }
    log_content(core, place, *content);
    return *content;
}

Outcome<Recovered> start_without(Core& core, const Paths& place, reactor::Errno error) {
    Recovered start{.error = error, .put_aside = true};
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

reactor::Result<void> put_aside(Core& core, const Paths& place) {
    std::array<char, path_size_max> room{};
    const auto path = name_aside(place, room);
    if (!path) return std::unexpected(path.error());
    auto moved = sys::rename(place.file.c_str(), room.data());
    if (moved) log_put_aside(core, *path);
    return moved;
}

Outcome<Recovered> start_with(Core& core, const Paths& place, int fd) {
    // Ours alone from here on: what a killed run has left behind is nobody else's.
    static_cast<void>(sys::remove(place.next.c_str()));
    const auto content = read(core, place, fd);
    if (!content) {
        sys::close(fd);
        return std::unexpected(content.error());
    }
    const Content& found = *content;
    if (found.kind == Kind::unreadable) {
        sys::close(fd);
        const auto moved = put_aside(core, place);
        return moved ? recover(core, place) : refuse(place, describe(moved.error()));
    }
    reactor::Result<void> cut;
    if (found.good < found.size) cut = sys::truncate(fd, found.good);
    if (cut) return Recovered{.fd = fd, .size = found.good};
    sys::close(fd);
    return Recovered{.error = cut.error()};
}

}  // namespace

Outcome<Recovered> recover(Core& core, const Paths& place) {
    // Whether there is a folder shows when the file is opened.
    static_cast<void>(sys::make_folder(place.folder.c_str()));
    const auto fd = sys::open_to_keep(place.file.c_str());
    if (fd) return start_with(core, place, *fd);
    if (fd.error().value == EAGAIN) return refuse(place, "another process keeps it");
    return start_without(core, place, fd.error());
}

// Also while the server runs, when it takes no memory any more.
reactor::Result<std::string_view> name_aside(const Paths& place, std::span<char> out) {
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

}  // namespace herd::journal
