// Seam 1: where raw objects come from. Implemented by a directory (source/directory.h) and, for the
// tests, by memory and by a store that fails on purpose.
//
// Threads: a store may be used from several threads at once; one reader belongs to one thread at a
// time.
// Errors: `config` when a person must act (no such directory, no rights to the root); `transient`
// for what may pass; `bad_data` when one object cannot be read. After an error a reader is of no
// use.
#pragma once

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
};

struct Listing {
  std::vector<ObjectInfo> objects;  // sorted by key, bytewise
  std::vector<ListProblem> problems;
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  // All objects that look like event files, in bytewise order of their keys. dummy-object.txt,
  // hidden and temporary files are left out.
  virtual Result<Listing> list() = 0;
  // The error is `bad_data` with "gone since it was listed" if the object is no longer there.
  virtual Result<std::unique_ptr<ByteReader>> open(const ObjectInfo& object) = 0;
  // What a person would call this place: an absolute path, s3://bucket/prefix. Holds no secret.
  virtual std::string location() const = 0;
};

}  // namespace dray
