#include "herd/program/writable.hpp"

#include "reactor/sys.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace herd::program {

namespace {

namespace fs = std::filesystem;

reactor::Result<void> may(const fs::path& path, int mode) {
    if (::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) < 0) return reactor::failure(errno);
    return {};
}

fs::path folder_of(const fs::path& path) {
    const fs::path folder = path.parent_path();
    return folder.empty() ? "." : folder;
}

reactor::Result<void> may_make_in(const fs::path& folder) {
    struct stat facts {};
    if (::stat(folder.c_str(), &facts) < 0) {
        const bool leads_nowhere = errno == ENOENT && ::lstat(folder.c_str(), &facts) == 0;
        return reactor::failure(leads_nowhere ? ENOTDIR : errno);
    }
    return S_ISDIR(facts.st_mode) ? may(folder, W_OK | X_OK) : reactor::failure(ENOTDIR);
}

}  // namespace

reactor::Result<void> may_keep(const fs::path& file) {
    struct stat facts {};
    if (::lstat(file.c_str(), &facts) == 0) {
        if (S_ISLNK(facts.st_mode)) return reactor::failure(ELOOP);
        if (!S_ISREG(facts.st_mode)) return reactor::failure(reactor::sys::not_a_file);
        return may(file, W_OK);
    }
    const fs::path folder = folder_of(file);
    const auto made = may_make_in(folder);
    const bool missing = !made && made.error().value == ENOENT;
    return missing ? may_make_in(folder_of(folder)) : made;
}

}  // namespace herd::program
