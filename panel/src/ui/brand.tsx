// A tenant's logo, or its initial where there is none or it does not load; and its name.
import { useEffect, useState } from 'preact/hooks';

export function BrandMark({ name, logo }: { name: string; logo: string | null | undefined }) {
  const [isBroken, setBroken] = useState(false);
  useEffect(() => setBroken(false), [logo]);
  return (
    <span class="brand">
      {logo && !isBroken
        ? <img src={logo} alt="" referrerpolicy="no-referrer" onError={() => setBroken(true)} />
        : <span class="brand-mark" aria-hidden="true">{name.charAt(0)}</span>}
      <b>{name}</b>
    </span>
  );
}
