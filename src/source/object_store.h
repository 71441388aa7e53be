// Seam 1: where raw objects come from. Implemented by a directory (source/directory.h), by S3
// (source/s3.h) and, for the tests, by memory and by a store that fails on purpose.
//
// Threads: a store may be used from several threads at once; one reader belongs to one thread at a
// time.
// Keys and the location are UTF-8, as base/path_text.h makes it of any bytes; key texts are what
// sorts.
// Errors: `config` when a person must act (no such directory, no rights to the root); `transient`
// for what may pass; `bad_data` when one object cannot be read. After an error a reader is of no
// use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/byte_reader.h"
#include "base/result.h"
#include "model/object.h"

namespace dray {

// Something the listing could not look into; the objects beneath it are not part of the listing.
struct ListProblem {
  std::string key;
  std::string message;
  bool operator==(const ListProblem&) const = default;
};

// What a listing passed over, because its name is none that an event file has. A hidden or
// temporary directory, into which nobody looks, is one.
struct PassedOver {
  std::uint64_t count = 0;
  std::vector<std::string> first;  // of the keys, bytewise; at most passed_over_names_max

  void add(std::string key);
};
constexpr std::size_t passed_over_names_max = 3;

struct Listing {
  std::vector<ObjectInfo> objects;  // sorted by key, bytewise; no key twice
  std::vector<ListProblem> problems;
  // Has the name of an event file and is none: a pipe, a socket, a device. Nothing waits for it.
  std::vector<ListProblem> no_files;
  PassedOver passed_over;
};

// Brings objects into a listing's order. Of one that was found more than once, because the place
// changed meanwhile or a server repeats itself, the last is kept.
void sort_by_key(std::vector<ObjectInfo>& objects);

struct ListRequest {
  std::string start_after;  // only keys behind this one, bytewise; "": all
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  // All objects that look like event files, in bytewise order of their keys. dummy-object.txt,
  // hidden and temporary files are left out. May hold more than was asked for.
  virtual Result<Listing> list(const ListRequest& request) = 0;
  // Whether a listing that starts later costs less, so that a run should ask for no more than it
  // needs: where a thousand keys are a request.
  virtual bool lists_from_anywhere() const = 0;
  // How many objects it pays to open before their turn: where bytes take a while to come. 0: none.
  virtual std::size_t open_ahead_max() const = 0;
  // The error is `bad_data` with "gone since it was listed" if the object is no longer there, or
  // "changed since it was listed" if its content is another. It may come with the first read.
  virtual Result<std::unique_ptr<ByteReader>> open(const ObjectInfo& object) = 0;
  // What a person would call this place: an absolute path, s3://bucket/prefix. Holds no secret.
  virtual std::string location() const = 0;
};

}  // namespace dray
