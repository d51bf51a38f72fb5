#pragma once

#include "herd/outcome.hpp"
#include "reactor/result.hpp"
#include "reactor/socket.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace herd::keys {

// Bytes of a file that may be secret: wiped when they are given back.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::vector<char> bytes, std::size_t size);
    Secret(Secret&& other) noexcept
        : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}
    Secret& operator=(Secret&& other) noexcept {
        std::swap(bytes_, other.bytes_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~Secret();

    std::string_view text() const { return {bytes_.data(), size_}; }

private:
    std::vector<char> bytes_;  // never grows: what moves leaves a copy behind
    std::size_t size_ = 0;
};

// Who else may do what with a file or folder.
struct Access {
    bool others_read = false;    // everybody on this machine
    bool others_change = false;  // everybody, or the group
};

// Why a file's text cannot be had. One that is not there is no error of ours, often.
struct Unread {
    bool missing = false;
    std::string why = {};  // without the file's name
};

// A file's text, or why there is none.
struct Text {
    Secret secret = {};
    Access access = {};
    Unread unread = {};  // unread.why is empty: there is a text

    std::string_view view() const { return secret.text(); }
};

inline constexpr std::size_t key_file_max = std::size_t{1} << 18;  // bytes

// Which files are for their owner only.
enum class Mode : std::uint8_t { secret, open };

// An open folder of keys and certificates; what replaces the folder meanwhile is not looked at.
// Only regular files in it are read, and no link is followed.
class Folder {
public:
    Folder() = default;

    static Outcome<Folder> open(const std::string& path);
    // The same, made where it is missing, for its owner only.
    static Outcome<Folder> make(const std::string& path);

    const std::string& path() const { return path_; }
    std::string path_of(std::string_view name) const;
    // Whether that name is taken, by whatever it is.
    bool has(const std::string& name) const;
    Text read(const std::string& name) const;
    Access access() const;

    // A new file with that text, whole and on the disk, or none. EEXIST: the name is taken, and
    // what has it is as it was.
    reactor::Result<void> add(const std::string& name, std::string_view text, Mode mode) const;

private:
    Folder(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

    std::string path_;
    reactor::Socket fd_;
};

}  // namespace herd::keys
