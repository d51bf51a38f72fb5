#include "herd/journal/recovery.hpp"

#include "herd/journal/load.hpp"
#include "reactor/sys.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

namespace herd::journal {

namespace sys = reactor::sys;

namespace {

using Kind = Content::Kind;

std::string named(std::string_view file) {
    return "journal " + std::string(file);
}

reactor::Result<std::string_view> name_beside(const Paths& place,
                                              std::string_view mark,
                                              std::uint64_t number,
                                              std::span<char> out) {
    constexpr std::size_t digits_max = 20;
    if (place.file.size() + mark.size() + digits_max >= out.size()) {
        return reactor::failure(ENAMETOOLONG);
    }
    char* const start = out.data();
    char* end = std::ranges::copy(place.file, start).out;
    end = std::ranges::copy(mark, end).out;
    end = std::to_chars(end, end + digits_max, number).ptr;
    *end = '\0';
    assert(static_cast<std::size_t>(end - start) < out.size());
    return std::string_view(start, static_cast<std::size_t>(end - start));
}

void log_content(Core& core, std::string_view file, const Content& content) {
    assert(content.good <= content.size);
    core.log.event(Level::info, "journal_loaded")
        .field("file", file)
        .field("records", content.records)
        .field("expired", content.expired)
        .field("bytes", content.good);
    if (content.good < content.size) {
        core.log.event(Level::warning, "journal_torn")
            .field("at", content.good)
            .field("dropped", content.size - content.good);
    }
    core.counters.journal_refused += content.refused();
    if (content.refused() > 0) {
        core.log.event(Level::error, "journal_refused")
            .field("file", file)
            .field("no_space", content.no_space)
            .field("too_far_ahead", content.too_far_ahead)
            .field("no_record", content.no_record);
    }
}

// Reads an open file; a failure when the server must not start.
Outcome<Content> read(Core& core, std::string_view file, int fd) {
    const auto content = load(fd, core);
    if (!content) return failure(named(file), content.error());
    if (content->kind == Kind::others) {
        return failure(named(file),
                       "it is another server's, or of a version that this program does not know");
    }
    log_content(core, file, *content);
    return *content;
}

// Of the files that were put aside as refused. One that is no journal stays for somebody to look
// at.
Outcome<> read_kept(Core& core, const Paths& place, Recovered& start) {
    std::array<char, path_size_max> buffer{};
    while (true) {
        const auto path = name_refused(place, start.kept + 1, buffer);
        if (!path) return {};
        const auto fd = sys::open_to_read(buffer.data());
        if (!fd) {
            const int reason = fd.error().value;
            if (reason == ENOENT || reason == ENOTDIR) return {};
            return open_failure(named(*path), fd.error());
        }
        const auto content = read(core, *path, *fd);
        sys::close(*fd);
        if (!content) return std::unexpected(content.error());
        const Content& found = *content;
        ++start.kept;
        start.refused += found.refused() + (found.kind == Kind::unreadable ? 1 : 0);
    }
}

Aside reason_of(const Content& content) {
    if (content.kind == Kind::unreadable) return Aside::bad;
    return table::rules::kept(content.refused()) ? Aside::refused : Aside::none;
}

Outcome<Recovered> start_without(Core& core, const Paths& place, reactor::Errno error) {
    Recovered start{.error = error, .aside = Aside::bad};
    const auto fd = sys::open_to_read(place.file.c_str());
    if (!fd) {
        const int reason = fd.error().value;
        if (reason == ENOENT || reason == ENOTDIR) return start;
        return open_failure(named(place.file), fd.error());
    }
    const auto content = read(core, place.file, *fd);
    sys::close(*fd);
    if (!content) return std::unexpected(content.error());
    start.aside = reason_of(*content);
    start.refused = (*content).refused();
    return start;
}

reactor::Result<void> put_aside(Core& core, const Paths& place) {
    std::array<char, path_size_max> buffer{};
    const auto path = name_bad(place, buffer);
    if (!path) return std::unexpected(path.error());
    auto moved = sys::rename(place.file.c_str(), buffer.data());
    if (moved) log_put_aside(core, *path);
    return moved;
}

Outcome<Recovered> start_with(Core& core, const Paths& place, int fd) {
    assert(fd >= 0);
    // Ours alone from here on: what a killed run has left behind is nobody else's.
    static_cast<void>(sys::remove(place.next.c_str()));
    const auto content = read(core, place.file, fd);
    if (!content) {
        sys::close(fd);
        return std::unexpected(content.error());
    }
    const Content& found = *content;
    if (found.kind == Kind::unreadable) {
        sys::close(fd);
        const auto moved = put_aside(core, place);
        return moved ? recover(core, place) : failure(named(place.file), moved.error());
    }
    assert(found.good <= found.size);
    Recovered start{
        .fd = fd, .size = found.good, .aside = reason_of(found), .refused = found.refused()};
    if (found.good == found.size) return start;
    if (const auto cut = sys::truncate(fd, found.good); !cut) {
        sys::close(std::exchange(start.fd, -1));
        start.error = cut.error();
    }
    return start;
}

}  // namespace

Paths Paths::of(const std::string& folder, std::string_view server) {
    assert(!server.empty());
    const std::string file = folder + "/" + std::string(server) + ".journal";
    return {folder, file, file + ".new"};
}

Outcome<Recovered> recover(Core& core, const Paths& place) {
    assert(!place.folder.empty());
    // Whether there is a folder shows when the file is opened.
    static_cast<void>(sys::make_folder(place.folder.c_str()));
    const auto fd = sys::open_to_keep(place.file.c_str());
    if (!fd && fd.error().value == EAGAIN)
        return failure(named(place.file), "another process keeps it");
    auto start = fd ? start_with(core, place, *fd) : start_without(core, place, fd.error());
    if (!start) return start;
    if (const auto done = read_kept(core, place, *start); !done) {
        if ((*start).fd >= 0) sys::close((*start).fd);
        return std::unexpected(done.error());
    }
    return start;
}

reactor::Result<std::string_view> name_bad(const Paths& place, std::span<char> out) {
    return name_beside(
        place, ".bad-", static_cast<std::uint64_t>(sys::wall_ns() / 1'000'000'000), out);
}

reactor::Result<std::string_view> name_refused(const Paths& place,
                                               std::uint32_t number,
                                               std::span<char> out) {
    assert(number > 0);
    return name_beside(place, ".refused-", number, out);
}

void log_put_aside(Core& core, std::string_view path) {
    core.log.event(Level::error, "journal_put_aside").field("file", path);
}

}  // namespace herd::journal
