#include "herd/journal/disk.hpp"

#include <cassert>
#include <utility>

namespace herd::journal {

namespace sys = reactor::sys;
using What = sys::Errand::What;

namespace {

// What is written at a time, beside one line of any length.
constexpr std::size_t batch_size = std::size_t{64} << 10;

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

reactor::Result<void> Disk::open(std::size_t line_size_max) {
    assert(line_size_max > 0);
    assert(files_.capacity() == 0);
    auto buffers = reactor::PageArray<char>::map(files_max * (batch_size + line_size_max));
    if (!buffers) return std::unexpected(buffers.error());
    buffers_ = std::move(*buffers);
    if (auto mapped = files_.map(files_max); !mapped) return mapped;
    if (auto opened = syncer_.open(); !opened) return opened;
    return writer_.open();
}

File& Disk::add(int fd, std::uint64_t size, const table::rules::Position& position) {
    assert(fd >= 0);
    assert(files_.size() < files_max);
    File* const file = files_.emplace(core_.table, fd, size, position);
    assert(file != nullptr);
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
    assert(size > batch_size);
    return {&buffers_[files_.handle(file).index * size], size};
}

reactor::Result<void> Disk::pump(File& file, std::uint64_t count) {
    assert(!file.given_up());
    assert(count > 0);
    if (file.busy()) return {};
    const reactor::Instant now = core_.loop.now();
    if (quiet()) return file.pump(buffer_of(file), count, now);
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
    assert(errand.what == What::sync || errand.what == What::sync_folder);
    assert(errand.error >= 0);
    core_.wire.post_flush();
    if (errand.what == What::sync_folder) {
        if (errand.error != 0) events_.on_failed(nullptr, "sync", reactor::Errno{errand.error});
    } else {
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

void Disk::on_written(const sys::Errand& errand) {
    assert(errand.what == What::write);
    assert(errand.error >= 0);
    core_.wire.post_flush();
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
