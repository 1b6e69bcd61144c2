// How the sign-in page will look.
import { useEffect, useRef } from 'preact/hooks';
import { shadeFor } from '../../app/theme';
import { BrandMark } from '../../ui/brand';

export function BrandPreview({ name, logo, accent }: { name: string; logo: string | null; accent: string }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const { accent: shade, onAccent } = shadeFor(accent, 'light');
    box.current?.style.setProperty('--accent', shade);
    box.current?.style.setProperty('--on-accent', onAccent);
  }, [accent]);
  return (
    <div class="preview" ref={box} role="img" aria-label={`The sign-in page of ${name}`}>
      <div class="preview-card" aria-hidden="true">
        <BrandMark name={name} logo={logo} />
        <span class="preview-input" /><span class="preview-input" />
        <span class="preview-button">Sign in</span>
      </div>
    </div>
  );
}
