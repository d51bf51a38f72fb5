#include "herd/journal/disk.hpp"

#include "herd/journal/load.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace herd::journal {

namespace sys = reactor::sys;
using What = sys::Errand::What;

namespace {

// What is written at a time, beside one line of any length: by the loop, while it is in the cache,
// and by the helper, to whom each batch is a way there and back.
constexpr std::size_t piece_size = std::size_t{64} << 10;

}  // namespace

Disk::Disk(Core& core, Folder& folder, DiskEvents& events)
    : core_(core),
      folder_(folder),
      events_(events),
      syncer_(core.loop, reactor::Delegate<void(const sys::Errand&)>::to<&Disk::on_synced>(*this)),
      writer_(core.loop,
              reactor::Delegate<void(const sys::Errand&)>::to<&Disk::on_written>(*this)) {}

// What is still to be written is written, from where it stands, before its file is closed.
Disk::~Disk() {
    const bool writing = this->writing();
    files_.for_each([this](File& file) { writer_.ask({.what = What::close, .fd = file.fd()}); });
    if (writing) writer_.give(std::move(buffers_.pages()));
}

std::uint64_t Disk::memory(std::size_t line_size_max, std::uint64_t batch, std::uint32_t clients) {
    return files_max * (batch + line_size_max + clients);
}

reactor::Result<void> Disk::open(std::size_t line_size_max, std::uint64_t batch) {
    assert(line_size_max > 0);
    assert(files_.capacity() == 0);
    piece_ = line_size_max + std::min(batch, piece_size);
    auto buffers = reactor::PageArray<char>::map(files_max * (batch + line_size_max));
    if (!buffers) return std::unexpected(buffers.error());
    buffers_ = std::move(*buffers);
    auto places =
        reactor::PageArray<std::uint8_t>::map(std::size_t{files_max} * core_.table.capacity());
    if (!places) return std::unexpected(places.error());
    places_ = std::move(*places);
    if (auto mapped = files_.map(files_max); !mapped) return mapped;
    if (auto opened = syncer_.open(); !opened) return opened;
    return writer_.open();
}

File& Disk::add_old(int fd, std::uint64_t size, std::uint64_t slack) {
    return add(fd, size, {.seq = core_.table.feed().seq()}, slack);
}

File& Disk::add_new(int fd, std::uint64_t slack) {
    return add(fd, 0, {}, slack);
}

File& Disk::add_loaded(int fd, std::uint64_t size, std::uint64_t slack) {
    File& file = add(fd, size, {}, slack);
    file.leave_out(loaded_source);
    return file;
}

File& Disk::add(int fd,
                std::uint64_t size,
                const table::rules::Position& position,
                std::uint64_t slack) {
    assert(fd >= 0);
    assert(files_.size() < files_max);
    File* const file = files_.emplace(core_.table, fd, size, position);
    assert(file != nullptr);
    const auto places = places_of(*file);
    // What a file before it has left there; slots that were never used have nothing.
    std::ranges::fill(places.first(core_.table.slots()), std::uint8_t{0});
    file->keep_small(Regions(places, size, slack));
    return *file;
}

void Disk::give_up(File& file) {
    assert(!file.given_up());
    file.give_up();
    ++given_up_;
    close_unused(file);
}

void Disk::close_unused(File& file) {
    if (!file.given_up() || file.unanswered() > 0) return;
    assert(given_up_ > 0);
    folder_.close(file.fd());
    files_.release(file);
    --given_up_;
}

std::span<char> Disk::buffer_of(const File& file) {
    const std::size_t size = buffers_.size() / files_max;
    return {&buffers_[files_.handle(file).index * size], size};
}

std::span<std::uint8_t> Disk::places_of(const File& file) {
    const std::size_t size = core_.table.capacity();
    return {&places_[files_.handle(file).index * size], size};
}

reactor::Result<void> Disk::pump(File& file, std::uint64_t count) {
    assert(!file.given_up());
    assert(count > 0);
    if (file.busy()) return {};
    const reactor::Instant now = core_.loop.now();
    if (quiet()) return file.pump(buffer_of(file).first(piece_), count, now);
    const std::string_view batch = file.take(buffer_of(file), count, now);
    if (!batch.empty()) {
        assert(file.busy());
        writer_.ask({.what = What::write,
                     .fd = file.fd(),
                     .bytes = batch,
                     .token = files_.handle(file).bits()});
    }
    return {};
}

void Disk::sync(File& file) {
    assert(!file.given_up());
    if (file.unsynced() == 0) return;
    begin_round();
    file.mark();
    syncer_.ask({.fd = file.fd(), .token = files_.handle(file).bits()});
}

void Disk::punch(File& file) {
    assert(!file.given_up());
    const auto hole = file.next_hole();
    if (!hole) return;
    writer_.ask({.what = What::punch,
                 .fd = file.fd(),
                 .begin = hole->begin,
                 .end = hole->end,
                 .token = files_.handle(file).bits()});
}

void Disk::sync_folder(int fd) {
    assert(fd >= 0);
    begin_round();
    syncer_.ask({.what = What::sync_folder, .fd = fd});
}

void Disk::begin_round() {
    if (!in_round()) round_begun_ = core_.loop.now();
}

File* Disk::find(const sys::Errand& errand) {
    return files_.find(reactor::Handle<File>::from_bits(errand.token));
}

void Disk::on_synced(const sys::Errand& errand) {
    assert(errand.error >= 0);
    core_.wire.post_flush();
    if (errand.what == What::sync_folder) {
        if (errand.error != 0) events_.on_failed(nullptr, "sync", reactor::Errno{errand.error});
    } else {
        assert(errand.what == What::sync);
        File* const file = find(errand);
        assert(file != nullptr);
        sync_times_.note(core_.loop.now() - round_begun_);
        file->on_synced(errand.error == 0);
        if (file->given_up()) {
            close_unused(*file);
        } else if (errand.error != 0) {
            events_.on_failed(file, "sync", reactor::Errno{errand.error});
        }
    }
    if (!in_round()) events_.on_round_ended();
}

// Not to be able to is no failure: the file is as good as it was.
void Disk::on_punched(const sys::Errand& errand) {
    File* const file = find(errand);
    assert(file != nullptr);
    file->on_hole({.begin = errand.begin, .end = errand.end}, errand.error == 0);
    if (file->given_up()) close_unused(*file);
}

void Disk::on_written(const sys::Errand& errand) {
    assert(errand.error >= 0);
    core_.wire.post_flush();
    if (errand.what == What::punch) return on_punched(errand);
    assert(errand.what == What::write);
    File* const file = find(errand);
    assert(file != nullptr);
    file->on_written();
    if (file->given_up()) {
        close_unused(*file);
    } else if (errand.error != 0) {
        events_.on_failed(file, "write", reactor::Errno{errand.error});
    } else {
        events_.on_written(*file);
    }
}

// While a helper tells of what it has done, others may still be with it.
void Disk::check() const {
    std::uint32_t given_up = 0;
    files_.for_each([&](const File& file) {
        file.check();
        given_up += file.given_up() ? 1U : 0U;
        assert(!quiet() || file.unanswered() == 0);
        assert(!file.given_up() || file.unanswered() > 0);
    });
    assert(given_up == given_up_);
}

}  // namespace herd::journal
