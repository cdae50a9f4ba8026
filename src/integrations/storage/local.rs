//! Files on the local disk: written beside their place, made durable, then moved there.

use std::{
    fs, io,
    path::{Path as FilePath, PathBuf, absolute},
    sync::Arc,
    time::SystemTime,
};

use object_store::{ObjectStore, local::LocalFileSystem, path::Path, prefix::PrefixStore};

/// The folder `files` of the data folder. It is made with the first file.
pub(super) fn open(data_dir: &FilePath) -> Result<(Arc<dyn ObjectStore>, PathBuf), object_store::Error> {
    let folder = absolute(data_dir.join("files"))
        .map_err(|source| object_store::Error::Generic { store: "disk", source: source.into() })?;
    let prefix = Path::from_absolute_path(&folder)?;
    let disk = LocalFileSystem::new().with_automatic_cleanup(false).with_fsync(true);
    Ok((Arc::new(PrefixStore::new(disk, prefix)), folder))
}

/// Deletes half-written files that nobody has touched since `before`.
pub(super) fn forget_unfinished(folder: &FilePath, before: SystemTime) -> io::Result<()> {
    let entries = match fs::read_dir(folder.join("incoming")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        // The store calls them by their place, `#` and a number.
        let unfinished = entry.file_name().to_string_lossy().contains('#');
        let touched = entry.metadata().and_then(|found| found.modified());
        if unfinished && touched.is_ok_and(|touched| touched < before) {
            match fs::remove_file(entry.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}
